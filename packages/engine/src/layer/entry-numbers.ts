import type { FileEntry, FileType } from '../model/file-entry.js';

/** Bytes of what numbers say of an entry: mode, owner, group, size, time. */
export const numbersSize = 2 + 4 + 4 + 8 + 8;

/** Writes them, little endian. */
export function writeNumbers(rows: Buffer, at: number, entry: FileEntry): void {
  rows.writeUInt16LE(entry.mode, at);
  rows.writeUInt32LE(entry.uid, at + 2);
  rows.writeUInt32LE(entry.gid, at + 6);
  rows.writeDoubleLE(entry.size, at + 10);
  rows.writeBigInt64LE(entry.mtimeNs, at + 18);
}

/** An entry of which nothing else is to be said. */
export function readNumbers(rows: Buffer, at: number, type: FileType): FileEntry {
  return {
    type,
    mode: rows.readUInt16LE(at),
    uid: rows.readUInt32LE(at + 2),
    gid: rows.readUInt32LE(at + 6),
    size: rows.readDoubleLE(at + 10),
    mtimeNs: rows.readBigInt64LE(at + 18),
  };
}

/** At least twice as long, zeroed behind what was there. */
export function longerRows(rows: Buffer): Buffer {
  return Buffer.concat([rows, Buffer.alloc(rows.length)]);
}
