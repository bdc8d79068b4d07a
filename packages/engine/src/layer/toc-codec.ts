import { crc32 } from 'node:zlib';
import { VarveError } from '../model/error.js';
import type { FileEntry, FileType } from '../model/file-entry.js';
import type { LayerEntry, LayerToc } from '../model/toc.js';
import { bytesToPath, pathToBytes } from '../path/bytes.js';

/** First bytes of an encoded table; the last digit is the version of the format. */
const magic = Buffer.from('varve-toc-000001');
/** Bytes of a table that is there for each entry, in columns: type and kind, mode, ids, size, time. */
const rowSize = 1 + 2 + 4 + 4 + 8 + 8;

const types: readonly FileType[] = ['file', 'directory', 'symlink', 'char', 'block', 'fifo'];
const kinds = ['write', 'whiteout', 'opaque'] as const;
const hasLink = 0x40;

/** What few entries have, by their number. */
interface Rare {
  readonly at: number;
  readonly device?: FileEntry['device'];
  readonly linkGroup?: number;
  /** Names and values, these in base64. */
  readonly xattrs?: readonly (readonly [string, string])[];
}

/**
 * A table of contents as bytes: magic, number of entries, numbers in columns, then three texts with their lengths (paths; targets of
 * links; the rest as JSON), CRC-32 of all before. Independent of the Node that wrote it.
 */
export function encodeToc(toc: LayerToc): Buffer {
  const { entries } = toc;
  const count = entries.length;
  const columns = columnsFor(Buffer.alloc(count * rowSize), count);
  const paths: string[] = [];
  const links: string[] = [];
  const rare: Rare[] = [];
  entries.forEach((item, at) => {
    paths.push(item.path);
    const kind = kinds.indexOf(item.kind) << 4;
    if (item.kind !== 'write') {
      columns.flags[at] = kind;
      return;
    }
    const { entry } = item;
    const link = item.linkTo ?? entry.linkTarget;
    // A hard link to a symbolic link has both.
    columns.flags[at] = kind | types.indexOf(entry.type) | (item.linkTo === undefined ? 0 : hasLink);
    if (link !== undefined) links.push(link);
    if (item.linkTo !== undefined && entry.linkTarget !== undefined) links.push(entry.linkTarget);
    columns.setNumbers(at, entry);
    const more = rareOf(at, entry);
    if (more !== undefined) rare.push(more);
  });
  const rest = JSON.stringify({ passwd: toc.passwd, group: toc.group, rare });
  const texts = [paths.join('\0'), links.join('\0'), rest].map(pathToBytes);
  const head = Buffer.alloc(16);
  for (const [i, size] of [count, ...texts.map(text => text.length)].entries()) head.writeUInt32LE(size, i * 4);
  const parts = [magic, head, columns.bytes, ...texts];
  const bytes = Buffer.concat([...parts, Buffer.alloc(4)]);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

/** Reads what {@link encodeToc} made. Errors: `E_TOC_DAMAGED` for anything else: truncated, foreign, of another version. */
export function decodeToc(bytes: Uint8Array): LayerToc {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.length - 4;
  if (end < 32 || !buffer.subarray(0, 16).equals(magic)) throw damaged('is none, or of another version');
  if (crc32(buffer.subarray(0, end)) !== buffer.readUInt32LE(end)) throw damaged('is incomplete');
  const count = buffer.readUInt32LE(16);
  const columns = columnsFor(buffer.subarray(32, 32 + count * rowSize), count);
  let at = 32 + count * rowSize;
  const [paths = [], links = [], rest = []] = [0, 1, 2].map(i => {
    const text = bytesToPath(buffer.subarray(at, at + buffer.readUInt32LE(20 + i * 4)));
    at += buffer.readUInt32LE(20 + i * 4);
    return i === 2 ? [text] : text.split('\0');
  });
  const { passwd, group, rare } = JSON.parse(rest[0] ?? '') as Pick<LayerToc, 'passwd' | 'group'> & { rare: Rare[] };
  const rareAt = new Map(rare.map(more => [more.at, more]));
  let nextLink = 0;
  const entries = Array.from({ length: count }, (_, i): LayerEntry => {
    const path = paths[i] ?? '';
    const flags = columns.flags[i] ?? 0;
    const kind = kinds[(flags >> 4) & 3] ?? 'write';
    if (kind !== 'write') return { kind, path };
    const type = types[flags & 0xf] ?? 'file';
    const linkTo = (flags & hasLink) === 0 ? undefined : links[nextLink++];
    const numbers = columns.entry(i, type);
    const target = type === 'symlink' ? { linkTarget: links[nextLink++] ?? '' } : undefined;
    const more = rareAt.get(i);
    // Most entries have neither; copying all of them would double the time.
    const entry = target === undefined && more === undefined ? numbers : { ...numbers, ...target, ...decodeRare(more) };
    return linkTo === undefined ? { kind, path, entry } : { kind, path, entry, linkTo };
  });
  return { entries, ...(passwd === undefined ? {} : { passwd }), ...(group === undefined ? {} : { group }) };
}

function rareOf(at: number, entry: FileEntry): Rare | undefined {
  const { device, linkGroup, xattrs } = entry;
  if (device === undefined && linkGroup === undefined && xattrs === undefined) return undefined;
  const values = xattrs && [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString('base64')] as const);
  return {
    at,
    ...(device === undefined ? {} : { device }),
    ...(linkGroup === undefined ? {} : { linkGroup }),
    ...(values === undefined ? {} : { xattrs: values }),
  };
}

function decodeRare(rare: Rare | undefined): Partial<FileEntry> {
  const { device, linkGroup, xattrs } = rare ?? {};
  return {
    ...(device === undefined ? {} : { device }),
    ...(linkGroup === undefined ? {} : { linkGroup }),
    ...(xattrs === undefined
      ? {}
      : { xattrs: new Map(xattrs.map(([name, value]) => [name, new Uint8Array(Buffer.from(value, 'base64'))])) }),
  };
}

type Numbers = Pick<FileEntry, 'mode' | 'uid' | 'gid' | 'size' | 'mtimeNs'>;

/** The columns in their memory: numbers are little endian, one column behind the other. */
function columnsFor(bytes: Buffer, count: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [mode, uid, gid, size, time] = [count, count * 3, count * 7, count * 11, count * 19];
  return {
    bytes,
    flags: bytes.subarray(0, count),
    setNumbers(at: number, entry: Numbers): void {
      view.setUint16(mode + at * 2, entry.mode, true);
      view.setUint32(uid + at * 4, entry.uid, true);
      view.setUint32(gid + at * 4, entry.gid, true);
      view.setFloat64(size + at * 8, entry.size, true);
      view.setBigInt64(time + at * 8, entry.mtimeNs, true);
    },
    entry: (at: number, type: FileType): FileEntry => ({
      type,
      mode: view.getUint16(mode + at * 2, true),
      uid: view.getUint32(uid + at * 4, true),
      gid: view.getUint32(gid + at * 4, true),
      size: view.getFloat64(size + at * 8, true),
      mtimeNs: view.getBigInt64(time + at * 8, true),
    }),
  };
}

function damaged(why: string): VarveError {
  return new VarveError('E_TOC_DAMAGED', `the stored table of contents of a layer ${why}`);
}
