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
  const records = new Map<string, Buffer>();
  const path = pathToBytes(fields.path);
  const split = splitName(path);
  if (split === undefined) records.set('path', path);
  const link = fields.link === undefined ? undefined : pathToBytes(fields.link);
  const isShortLink = link === undefined || (link.length <= 100 && isAscii(link));
  if (!isShortLink) records.set('linkpath', link);
  const time = Number(fields.mtimeNs / second);
  const isPlainTime = fields.mtimeNs >= 0n && fields.mtimeNs % second === 0n && time <= largestSize;
  if (!isPlainTime) records.set('mtime', Buffer.from(formatPaxTime(fields.mtimeNs)));
  if (fields.uid > largestId) records.set('uid', Buffer.from(String(fields.uid)));
  if (fields.gid > largestId) records.set('gid', Buffer.from(String(fields.gid)));
  if (fields.size > largestSize) records.set('size', Buffer.from(String(fields.size)));
  for (const [name, value] of fields.xattrs ?? []) {
    records.set(xattrPrefix + name, Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  }
  const body = records.size === 0 ? undefined : encodePax(records);
  const paxBlocks = body === undefined ? 0 : 1 + Math.ceil(body.length / blockSize);
  const blocks = Buffer.alloc((paxBlocks + 1) * blockSize);
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
  let sum = 0;
  for (let i = 0; i < blockSize; i++) sum += block[i] as number;
  writeOctal(block, 148, 6, sum);
  block[154] = 0;
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
  const parts = path.toString('latin1').split('/');
  const name = parts.findLast(part => part !== '') ?? '';
  return name.replace(/[^\x20-\x7e]/g, '_').slice(0, 80);
}
