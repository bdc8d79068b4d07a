import { bytesToPath } from '../../path/bytes.js';
import { invalidLayer } from '../invalid.js';

/** Size of a header and unit of everything in a tar. */
export const blockSize = 512;

/** The fields of one header block, as it stands, before extended records are laid over it. */
export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds. */
  readonly mtime: number;
  /** The type flag as a character; NUL for pre-POSIX regular files. */
  readonly flag: string;
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
}

/** Reads a header block: V7, ustar (POSIX), GNU and star. Undefined for a block of zeros, which ends a tar. Errors: `E_LAYER_INVALID`. */
export function decodeHeader(block: Buffer): TarHeader | undefined {
  const sum = checksum(block);
  if (sum === 8 * 0x20) return undefined;
  const stored = octal(block, 148, 8);
  if (stored !== sum && stored !== sum - 256 * highBytes(block)) {
    throw invalidLayer('this is no tar, or a damaged one: the checksum of a header is wrong');
  }
  const isUstar = block.readUInt32LE(257) === ustar && block[261] === 0x72;
  const isPosix = isUstar && block[262] === 0;
  const isGnu = isUstar && block[262] === 0x20;
  const isStar = isPosix && block.toString('latin1', 508, 512) === 'tar\0';
  const prefix = isPosix ? text(block, 345, isStar ? 131 : 155) : '';
  const name = text(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: numberField(block, 100, 8),
    uid: numberField(block, 108, 8),
    gid: numberField(block, 116, 8),
    size: numberField(block, 124, 12),
    mtime: numberField(block, 136, 12),
    flag: String.fromCharCode(block[156] ?? 0),
    linkName: text(block, 157, 100),
    major: isPosix || isGnu ? numberField(block, 329, 8) : 0,
    minor: isPosix || isGnu ? numberField(block, 337, 8) : 0,
  };
}

/** `usta` in little endian. */
const ustar = 0x61747375;

/** The sum of a header's bytes, those of the checksum itself counted as spaces. Adds four at a time, in two lanes of 16 bits. */
function checksum(block: Buffer): number {
  let lanes = 0;
  for (let i = 0; i < blockSize; i += 4) {
    const word = block.readUInt32LE(i);
    lanes += (word & 0xff00ff) + ((word >>> 8) & 0xff00ff);
  }
  let sum = (lanes & 0xffff) + (lanes >>> 16) + 8 * 0x20;
  for (let i = 148; i < 156; i++) sum -= block[i] as number;
  return sum;
}

/** Some old tars summed up signed bytes: each byte from 128 on counts 256 less. */
function highBytes(block: Buffer): number {
  let count = 0;
  for (let i = 0; i < blockSize; i++) if ((i < 148 || i > 155) && (block[i] as number) > 127) count++;
  return count;
}

function text(block: Buffer, at: number, length: number): string {
  const zero = block.indexOf(0, at);
  const end = zero === -1 || zero > at + length ? at + length : zero;
  return end === at ? '' : bytesToPath(block.subarray(at, end));
}

/** The number in a field of a header: octal digits, or GNU's base 256 where the first bit is set. Errors: `E_LAYER_INVALID`. */
export function numberField(block: Buffer, at: number, length: number): number {
  const first = block[at] as number;
  if ((first & 0x80) === 0) return octal(block, at, length);
  const negative = (first & 0x40) !== 0;
  let value = negative ? -1n : 0n;
  value = (value << 6n) | BigInt(first & 0x3f);
  for (let i = 1; i < length; i++) value = (value << 8n) | BigInt(block[at + i] as number);
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw invalidLayer('a number in a header is out of range');
  }
  return Number(value);
}

function octal(block: Buffer, at: number, length: number): number {
  let value = 0;
  let i = at;
  const end = at + length;
  while (i < end && (block[i] === 0x20 || block[i] === 0)) i++;
  for (; i < end; i++) {
    const digit = (block[i] as number) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; i < end; i++) {
    if (block[i] !== 0x20 && block[i] !== 0) throw invalidLayer('a number in a header is malformed');
  }
  return value;
}
