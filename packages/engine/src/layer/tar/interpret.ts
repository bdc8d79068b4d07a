import type { FileType } from '../../model/file-entry.js';
import { bytesToPath } from '../../path/bytes.js';
import { invalidLayer, unsupportedLayer } from '../invalid.js';
import type { TarHeader } from './header.js';
import { type PaxRecords, parsePaxTime, xattrPrefix } from './pax.js';

/** One entry of a tar with all that its headers say, name and link as written. */
export interface TarEntry {
  readonly name: string;
  readonly type: FileType | 'link';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content that follow. */
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Target of a `symlink` or `link`. */
  readonly linkName: string;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

/** What headers in front of an entry's own said about it. */
export interface EntryExtensions {
  readonly pax: PaxRecords | undefined;
  readonly longName: string | undefined;
  readonly longLink: string | undefined;
}

const types: Readonly<Record<string, FileType | 'link'>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

/** Times are kept as 64-bit nanoseconds (1677 to 2262); what lies beyond is brought to the nearest. */
const latest = 2n ** 63n - 1n;

/** Lays extensions over a header. A pax record wins over GNU's, as in Go's reader. Errors: `E_LAYER_INVALID`, `E_LAYER_UNSUPPORTED`. */
export function interpretEntry(header: TarHeader, { pax, longName, longLink }: EntryExtensions): TarEntry {
  const name = paxText(pax, 'path') ?? longName ?? header.name;
  const type = header.flag === '\0' && name.endsWith('/') ? 'directory' : types[header.flag];
  if (type === undefined)
    throw unsupportedLayer(`entries of type ${JSON.stringify(header.flag)} are not supported`, name);
  const size = paxNumber(pax, 'size', name) ?? header.size;
  const mtime = paxText(pax, 'mtime');
  const entry: TarEntry = {
    name,
    type,
    mode: header.mode & 0o7777,
    uid: id(paxNumber(pax, 'uid', name) ?? header.uid, name),
    gid: id(paxNumber(pax, 'gid', name) ?? header.gid, name),
    size: type === 'file' ? size : 0,
    mtimeNs: clampTime(mtime === undefined ? BigInt(header.mtime) * 1_000_000_000n : parsePaxTime(mtime)),
    linkName: paxText(pax, 'linkpath') ?? longLink ?? header.linkName,
  };
  if (entry.size < 0) throw invalidLayer('its size is negative', name);
  const xattrs = pax === undefined ? undefined : xattrsOf(pax);
  const isDevice = type === 'char' || type === 'block';
  if (!isDevice && xattrs === undefined) return entry;
  return {
    ...entry,
    ...(isDevice ? { device: { major: header.major, minor: header.minor } } : {}),
    ...(xattrs === undefined ? {} : { xattrs }),
  };
}

/** The value of a record that has one; an empty value means that the header counts. */
function paxText(pax: PaxRecords | undefined, key: string): string | undefined {
  const value = pax?.get(key);
  return value === undefined || value.length === 0 ? undefined : bytesToPath(value);
}

function paxNumber(pax: PaxRecords | undefined, key: string, name: string): number | undefined {
  const text = paxText(pax, key);
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(text)) throw invalidLayer(`an extended header has a malformed ${key}`, name);
  return Number(text);
}

function id(value: number, name: string): number {
  if (value < 0 || value > 0xffff_ffff) throw invalidLayer('its owner is out of range', name);
  return value;
}

function clampTime(time: bigint): bigint {
  if (time > latest) return latest;
  return time < -latest ? -latest : time;
}

function xattrsOf(pax: PaxRecords): ReadonlyMap<string, Uint8Array> | undefined {
  let found: Map<string, Uint8Array> | undefined;
  for (const [key, value] of pax) {
    if (!key.startsWith(xattrPrefix)) continue;
    found ??= new Map();
    found.set(key.slice(xattrPrefix.length), new Uint8Array(value));
  }
  return found;
}
