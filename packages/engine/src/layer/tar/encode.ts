import { pathToBytes } from '../../path/bytes.js';
import { blockSize } from './header.js';
import { encodePax, formatPaxTime, xattrPrefix } from './pax.js';

/** What an entry is to say. `path` ends with `/` for a directory. */
export interface TarFields {
  readonly path: string;
  readonly flag: '0' | '1' | '2' | '3' | '4' | '5' | '6';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Target of a link, as stored. */
  readonly link?: string | undefined;
  readonly device?: { readonly major: number; readonly minor: number } | undefined;
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined;
}

/** Largest values of the octal fields: seven digits for ids, eleven for sizes and times. */
const largestId = 0o7777777;
const largestSize = 0o77777777777;
const second = 1_000_000_000n;

/**
 * The header blocks of an entry: a ustar header, with a pax header in front where ustar cannot say it exactly (names that are long
 * or not ASCII, times with fractions or out of range, large numbers, xattrs). Equal fields give equal bytes. No user names.
 */
export function encodeHeaders(fields: TarFields): Buffer {
  return new HeaderEncoder().encode(fields);
}

/** The same through memory that is used again: what `encode` gave is gone with its next call. */
export class HeaderEncoder {
  #memory = Buffer.alloc(0);

  encode(fields: TarFields): Buffer {
    const path = pathToBytes(fields.path);
    const link = fields.link === undefined ? undefined : pathToBytes(fields.link);
    const split = splitName(path);
    const time = Number(fields.mtimeNs / second);
    const records = recordsOf(fields, { path: split === undefined ? path : undefined, link, time });
    const body = records.size === 0 ? undefined : encodePax(records);
    const paxBlocks = body === undefined ? 0 : 1 + Math.ceil(body.length / blockSize);
    const blocks = this.#zeros((paxBlocks + 1) * blockSize);
    if (body !== undefined) {
      const name = Buffer.from(`PaxHeaders.0/${asciiName(path)}`);
      writeHeader(blocks.subarray(0, blockSize), { ...plain, name, flag: 'x', mode: 0o644, size: body.length });
      blocks.set(body, blockSize);
    }
    writeHeader(blocks.subarray(paxBlocks * blockSize), {
      name: split?.name ?? path.subarray(0, 100),
      prefix: split?.prefix,
      flag: fields.flag,
      mode: fields.mode,
      uid: fields.uid > largestId ? 0 : fields.uid,
      gid: fields.gid > largestId ? 0 : fields.gid,
      size: fields.size > largestSize ? 0 : fields.size,
      mtime: fields.mtimeNs < 0n || time > largestSize ? 0 : time,
      link: link?.subarray(0, 100),
      device: fields.device,
    });
    return blocks;
  }

  #zeros(size: number): Buffer {
    if (this.#memory.length < size) this.#memory = Buffer.alloc(Math.max(size, 8 * blockSize));
    return this.#memory.subarray(0, size).fill(0);
  }
}

/** What ustar cannot say of an entry. `path` is its path where that is one of these things; `time` its seconds. */
function recordsOf(
  fields: TarFields,
  { path, link, time }: { readonly path: Buffer | undefined; readonly link: Buffer | undefined; readonly time: number },
): ReadonlyMap<string, Buffer> {
  const records = new Map<string, Buffer>();
  if (path !== undefined) records.set('path', path);
  const isShortLink = link === undefined || (link.length <= 100 && isAscii(link));
  if (!isShortLink) records.set('linkpath', link);
  const isPlainTime = fields.mtimeNs >= 0n && fields.mtimeNs % second === 0n && time <= largestSize;
  if (!isPlainTime) records.set('mtime', Buffer.from(formatPaxTime(fields.mtimeNs)));
  if (fields.uid > largestId) records.set('uid', Buffer.from(String(fields.uid)));
  if (fields.gid > largestId) records.set('gid', Buffer.from(String(fields.gid)));
  if (fields.size > largestSize) records.set('size', Buffer.from(String(fields.size)));
  for (const [name, value] of fields.xattrs ?? []) {
    records.set(xattrPrefix + name, Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  }
  return records;
}

interface RawFields {
  readonly name: Buffer;
  readonly prefix?: Buffer | undefined;
  readonly flag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly link?: Buffer | undefined;
  readonly device?: { readonly major: number; readonly minor: number } | undefined;
}

const plain = { mode: 0, uid: 0, gid: 0, mtime: 0 } as const;

/** Fills a zeroed block with a ustar header (POSIX.1-2001, pax). */
function writeHeader(block: Buffer, fields: RawFields): void {
  block.set(fields.name, 0);
  writeOctal(block, 100, 7, fields.mode);
  writeOctal(block, 108, 7, fields.uid);
  writeOctal(block, 116, 7, fields.gid);
  writeOctal(block, 124, 11, fields.size);
  writeOctal(block, 136, 11, fields.mtime);
  block[156] = fields.flag.charCodeAt(0);
  if (fields.link !== undefined) block.set(fields.link, 157);
  block.write('ustar\x0000', 257, 'latin1');
  writeOctal(block, 329, 7, fields.device?.major ?? 0);
  writeOctal(block, 337, 7, fields.device?.minor ?? 0);
  if (fields.prefix !== undefined) block.set(fields.prefix, 345);
  block.fill(0x20, 148, 156);
  writeOctal(block, 148, 6, sumOf(block));
  block[154] = 0;
}

/** Sum of the bytes of a header, four at a time in two lanes of 16 bits. */
function sumOf(block: Buffer): number {
  let lanes = 0;
  for (let i = 0; i < blockSize; i += 4) {
    const word = block.readUInt32LE(i);
    lanes += (word & 0xff00ff) + ((word >>> 8) & 0xff00ff);
  }
  return (lanes & 0xffff) + (lanes >>> 16);
}

/** Digits with leading zeros; the NUL behind them is there already. */
function writeOctal(block: Buffer, at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    block[i] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
}

/** A name that fits ustar as it is, cut at a slash into prefix and name where it is long. */
function splitName(path: Buffer): { readonly name: Buffer; readonly prefix?: Buffer } | undefined {
  if (!isAscii(path)) return undefined;
  if (path.length <= 100) return { name: path };
  if (path.length > 256) return undefined;
  const cut = path.lastIndexOf(0x2f, Math.min(155, path.length - 2));
  if (cut <= 0 || path.length - cut - 1 > 100) return undefined;
  return { name: path.subarray(cut + 1), prefix: path.subarray(0, cut) };
}

function isAscii(bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) >= 0x80) return false;
  return true;
}

/** Last component of a path for the name of its pax header, which only old readers ever see. */
function asciiName(path: Buffer): string {
  const end = path.at(-1) === 0x2f ? path.length - 1 : path.length;
  const name = path.toString('latin1', path.lastIndexOf(0x2f, end - 1) + 1, end);
  return name.replace(/[^\x20-\x7e]/g, '_').slice(0, 80);
}
