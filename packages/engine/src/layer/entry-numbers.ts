import type { FileEntry, FileType } from '../model/file-entry.js';

/** Bytes of what numbers say of an entry: mode, owner, group, size, time. */
export const numbersSize = 2 + 4 + 4 + 8 + 8;

/** Rows of bytes, and the same memory as numbers: views read those of 64 bits at a quarter of what buffers need. */
export interface Rows {
  readonly bytes: Buffer;
  readonly view: DataView;
}

export function rowsOver(bytes: Buffer): Rows {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Twice as long, zeroed behind what was there. */
export function longerRows({ bytes }: Rows): Rows {
  return rowsOver(Buffer.concat([bytes, Buffer.alloc(bytes.length)]));
}

/** Writes the numbers of an entry, little endian. */
export function writeNumbers({ view }: Rows, at: number, entry: FileEntry): void {
  view.setUint16(at, entry.mode, true);
  view.setUint32(at + 2, entry.uid, true);
  view.setUint32(at + 6, entry.gid, true);
  view.setFloat64(at + 10, entry.size, true);
  view.setBigInt64(at + 18, entry.mtimeNs, true);
}

/** An entry of which nothing else is to be said. */
export function readNumbers({ view }: Rows, at: number, type: FileType): FileEntry {
  return {
    type,
    mode: view.getUint16(at, true),
    uid: view.getUint32(at + 2, true),
    gid: view.getUint32(at + 6, true),
    size: view.getFloat64(at + 10, true),
    mtimeNs: view.getBigInt64(at + 18, true),
  };
}
