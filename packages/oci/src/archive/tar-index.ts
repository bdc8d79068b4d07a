import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { OciError } from '../errors.js';

const block = 512;
const longestText = 1024 * 1024;

/** Where a member's bytes are in an archive file. */
export interface TarExtent {
  readonly offset: number;
  readonly size: number;
}

/** The members of an archive file, found without reading their content. */
export interface TarIndex {
  /** A regular file by its name (`./` and the like taken away), links followed; undefined where there is none. */
  readonly file: (name: string) => TarExtent | undefined;
  readonly names: readonly string[];
}

type Member = TarExtent | { readonly link: string };

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly link: string;
}

/**
 * Reads the headers of a tar file (ustar, GNU long names, PAX names and sizes). The last of two members of one name counts.
 * E_BAD_ARCHIVE where it is no tar or ends too early.
 */
export async function indexTar(handle: FileHandle, where: string): Promise<TarIndex> {
  const members = new Map<string, Member>();
  const { size: fileSize } = await handle.stat();
  let extra: Readonly<Record<string, string>> = {};
  let at = 0;
  for (;;) {
    const raw = await readExactly(handle, at, block, where);
    at += block;
    if (raw.every(byte => byte === 0)) break;
    const header = parseHeader(raw, extra, where);
    if (at + header.size > fileSize) throw damaged(where, `it ends in the middle of ${header.name}`);
    if ('xgLK'.includes(header.type)) {
      if (header.size > longestText) throw damaged(where, 'it has an endless header');
      const text = await readExactly(handle, at, header.size, where);
      if (header.type !== 'g') extra = { ...extra, ...extension(header.type, text) };
    } else {
      const name = cleanName(header.name);
      if (header.type === '0' || header.type === '\0' || header.type === '7')
        members.set(name, { offset: at, size: header.size });
      if (header.type === '1') members.set(name, { link: cleanName(header.link) });
      if (header.type === '2') members.set(name, { link: cleanName(posix.join(posix.dirname(name), header.link)) });
      extra = {};
    }
    at += Math.ceil(header.size / block) * block;
    if (at >= fileSize) break;
  }
  return { names: [...members.keys()], file: name => resolve(members, cleanName(name)) };
}

function resolve(members: ReadonlyMap<string, Member>, name: string): TarExtent | undefined {
  let member = members.get(name);
  for (let hops = 0; member !== undefined && 'link' in member; hops++) {
    if (hops > 40) return undefined;
    member = members.get(member.link);
  }
  return member;
}

function parseHeader(raw: Buffer, extra: Readonly<Record<string, string>>, where: string): Header {
  const sum = raw.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (number(raw.subarray(148, 156)) !== sum) throw damaged(where, 'a header has a wrong checksum');
  const ustar = raw.toString('latin1', 257, 262) === 'ustar';
  const gnu = raw.toString('latin1', 257, 265) === 'ustar  \0';
  const prefix = ustar && !gnu ? text(raw.subarray(345, 500)) : '';
  const base = text(raw.subarray(0, 100));
  const size = extra.size === undefined ? number(raw.subarray(124, 136)) : Number(extra.size);
  if (!Number.isSafeInteger(size) || size < 0) throw damaged(where, 'a header has no valid size');
  const type = String.fromCharCode(raw[156] ?? 0);
  return {
    name: extra.path ?? (prefix === '' ? base : `${prefix}/${base}`),
    link: extra.linkpath ?? text(raw.subarray(157, 257)),
    size: '123456'.includes(type) ? 0 : size,
    type,
  };
}

function extension(type: string, bytes: Buffer): Readonly<Record<string, string>> {
  if (type === 'L') return { path: text(bytes) };
  if (type === 'K') return { linkpath: text(bytes) };
  const records: Record<string, string> = {};
  for (let at = 0; at < bytes.byteLength; ) {
    const space = bytes.indexOf(32, at);
    const length = Number(bytes.toString('latin1', at, space));
    if (space < 0 || !(length > 0)) break;
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    records[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}

/** An octal number, or GNU's binary one for large sizes. */
function number(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    return field.subarray(1).reduce((value, byte) => value * 256 + byte, (field[0] ?? 0) & 0x7f);
  }
  const digits = text(field).trim();
  return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.byteLength : end);
}

function cleanName(name: string): string {
  return posix.normalize(name).replace(/^\/+/, '').replace(/\/+$/, '');
}

async function readExactly(handle: FileHandle, at: number, length: number, where: string): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, at);
  if (bytesRead < length) throw damaged(where, 'it ends too early');
  return buffer;
}

function damaged(where: string, why: string): OciError {
  return new OciError('E_BAD_ARCHIVE', `${where} is not a whole tar archive: ${why}`);
}
