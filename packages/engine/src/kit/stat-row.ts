import type { FileEntry } from '../model/file-entry.js';
import { statxAt } from '../sys/statx.js';
import { typeOfMode } from '../tree/node-entry.js';

/**
 * What statx(2) said of one file, as the words it wrote, packed to what matters: stat evidence and what an entry needs. The
 * layout of a row is shared by walker threads and by the evidence table, which keeps its first words.
 */
export const row = {
  inoLow: 0,
  /** Seconds since 1970, low 32 bits; two more stand above the 30 bits of the nanoseconds. */
  ctimeSeconds: 1,
  ctimeRest: 2,
  mtimeSeconds: 3,
  mtimeRest: 4,
  sizeLow: 5,
  /** From here to the device are words that many files share: the evidence table has the number of their combination. */
  inoHigh: 6,
  sizeHigh: 7,
  mode: 8,
  uid: 9,
  gid: 10,
  dev: 11,
  nlink: 12,
  deviceMajor: 13,
  deviceMinor: 14,
  /** Bits 32 to 63 of the seconds of the mtime. */
  mtimeHigh: 15,
  words: 16,
} as const;

/** Packs the statx words in `stat` into a row at `to[offset…]`. */
export function packStat(stat: Uint32Array, to: Uint32Array, offset: number): void {
  to[offset] = stat[statxAt.ino] as number;
  to[offset + 1] = stat[statxAt.ctime] as number;
  to[offset + 2] = ((stat[statxAt.ctime + 1] as number) << 30) | (stat[statxAt.ctime + 2] as number);
  to[offset + 3] = stat[statxAt.mtime] as number;
  to[offset + 4] = ((stat[statxAt.mtime + 1] as number) << 30) | (stat[statxAt.mtime + 2] as number);
  to[offset + 5] = stat[statxAt.size] as number;
  to[offset + 6] = stat[statxAt.ino + 1] as number;
  to[offset + 7] = stat[statxAt.size + 1] as number;
  to[offset + 8] = (stat[statxAt.mode] as number) & 0xffff;
  to[offset + 9] = stat[statxAt.uid] as number;
  to[offset + 10] = stat[statxAt.gid] as number;
  // Linux has 12 bits of major and 20 of minor numbers.
  to[offset + 11] = ((stat[statxAt.devMajor] as number) << 20) | (stat[statxAt.devMinor] as number);
  to[offset + 12] = stat[statxAt.nlink] as number;
  to[offset + 13] = stat[statxAt.deviceMajor] as number;
  to[offset + 14] = stat[statxAt.deviceMinor] as number;
  to[offset + 15] = stat[statxAt.mtime + 1] as number;
}

/** The type of file that the statx words tell; undefined for a socket. */
export function typeOfStat(stat: Uint32Array): FileEntry['type'] | undefined {
  return typeOfMode(stat[statxAt.mode] as number);
}

function sizeOfRow(rows: Uint32Array, offset: number): number {
  return (rows[offset + row.sizeLow] as number) + (rows[offset + row.sizeHigh] as number) * 2 ** 32;
}

/** Nanoseconds since 1970. */
function mtimeOfRow(rows: Uint32Array, offset: number): bigint {
  const high = (rows[offset + row.mtimeHigh] as number) | 0;
  const seconds = BigInt(high) * 0x1_0000_0000n + BigInt(rows[offset + row.mtimeSeconds] as number);
  return seconds * 1_000_000_000n + BigInt((rows[offset + row.mtimeRest] as number) & 0x3fffffff);
}

/** The entry that a row describes, but for link target, xattrs and link group; undefined for a socket, which no layer can hold. */
export function entryOfRow(rows: Uint32Array, offset: number): FileEntry | undefined {
  const mode = rows[offset + row.mode] as number;
  const type = typeOfMode(mode);
  if (type === undefined) return undefined;
  return {
    type,
    mode: mode & 0o7777,
    uid: rows[offset + row.uid] as number,
    gid: rows[offset + row.gid] as number,
    size: type === 'file' ? sizeOfRow(rows, offset) : 0,
    mtimeNs: mtimeOfRow(rows, offset),
    ...(type === 'char' || type === 'block'
      ? {
          device: { major: rows[offset + row.deviceMajor] as number, minor: rows[offset + row.deviceMinor] as number },
        }
      : {}),
  };
}

/** Names the inode of a row; equal for hard links of one file. */
export function inodeOfRow(rows: Uint32Array, offset: number): string {
  return `${rows[offset + row.dev]}:${rows[offset + row.inoHigh]}:${rows[offset + row.inoLow]}`;
}
