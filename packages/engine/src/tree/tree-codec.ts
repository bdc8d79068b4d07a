import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import { VarveError } from '../model/error.js';
import { ChildIndex } from './child-index.js';
import { type Columns, shared } from './columns.js';
import { type GroupParts, LinkGroups } from './link-groups.js';
import { NameArena } from './name-arena.js';
import { NodeTable } from './node-table.js';
import { Tree, type UserFiles } from './tree.js';

/** First bytes of an encoded tree; the last digit is the version of the format. */
const magic = Buffer.from(`varve-tree-${endianness()}-3`);
/** Magic, then the sizes of the head, the names and the index. */
const fixedSize = magic.length + 12;

/** What is no column of numbers. */
interface Head {
  readonly top: number;
  readonly live: number;
  readonly wasted: number;
  readonly filled: number;
  readonly free: readonly number[];
  readonly groups: GroupParts;
  readonly devices: readonly (readonly [node: number, device: { readonly major: number; readonly minor: number }])[];
  /** Times as decimal numbers. */
  readonly oddTimes: readonly (readonly [node: number, time: string])[];
  readonly largeSizes: readonly (readonly [node: number, size: number])[];
  /** Values in base64. */
  readonly xattrs: readonly (readonly [node: number, values: readonly (readonly [name: string, value: string])[]])[];
  readonly users: UserFiles;
}

/**
 * A tree as bytes: what it is in memory, so that who has read them has it. Magic, sizes, a head as JSON, the columns, the index of children, names,
 * CRC-32 of all before. For machines of the same byte order.
 */
export function encodeTree(tree: Tree): Buffer {
  const { table, users } = tree.parts();
  const { top, live, arena, index, groups, devices, oddTimes, largeSizes, xattrs, free } = table;
  const head: Head = {
    top,
    live,
    wasted: arena.wasted,
    filled: index.filled,
    free,
    groups: groups.parts(),
    devices: [...devices],
    oddTimes: [...oddTimes].map(([node, time]) => [node, String(time)]),
    largeSizes: [...largeSizes],
    xattrs: [...xattrs].map(([node, values]) => [
      node,
      [...values].map(([name, value]) => [name, Buffer.from(value).toString('base64')] as const),
    ]),
    users,
  };
  const headBytes = Buffer.from(aligned(JSON.stringify(head)));
  const fixed = Buffer.alloc(fixedSize);
  magic.copy(fixed);
  for (const [i, size] of [headBytes.length, arena.used, index.slots.length].entries())
    fixed.writeUInt32LE(size, magic.length + i * 4);
  const numbers = columnsOf(table.columns).map(column => bytesOf(column.subarray(0, top)));
  const parts = [fixed, headBytes, ...numbers, bytesOf(index.slots), arena.bytes.subarray(0, arena.used)];
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(parts.reduce((crc, part) => crc32(part, crc), 0));
  return Buffer.concat([...parts, sum]);
}

/** JSON with so many spaces behind it that the columns lie as numbers of 64 bits have to. */
function aligned(json: string): string {
  const size = fixedSize + Buffer.byteLength(json);
  return json + ' '.repeat(-size & 7);
}

/**
 * Reads what {@link encodeTree} made. The tree takes the bytes over where they are in shared memory, and a copy of them else. Errors: `E_TOC_DAMAGED` for
 * anything else: truncated, foreign, of another version.
 */
export function decodeTree(bytes: Buffer): Tree {
  const end = bytes.length - 4;
  if (end < fixedSize || !bytes.subarray(0, magic.length).equals(magic))
    throw damaged('is none, or of another version');
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) throw damaged('is incomplete');
  const [headSize = 0, nameSize = 0, slotCount = 0] = [0, 4, 8].map(at => bytes.readUInt32LE(magic.length + at));
  const head = JSON.parse(bytes.toString('utf8', fixedSize, fixedSize + headSize)) as Head;
  const own = inSharedMemory(bytes);
  const rows = columnsAt(own, fixedSize + headSize, head.top);
  const slots = new Int32Array(own.buffer, rows.nameLength.byteOffset + rows.nameLength.byteLength, slotCount);
  const names = new Uint8Array(own.buffer, slots.byteOffset + slots.byteLength, nameSize);
  const table = NodeTable.of({
    columns: rows,
    arena: NameArena.over(names, head.wasted),
    index: ChildIndex.over(slots, head.filled),
    groups: LinkGroups.of(head.groups),
    devices: new Map(head.devices),
    oddTimes: new Map(head.oddTimes.map(([node, time]) => [node, BigInt(time)])),
    largeSizes: new Map(head.largeSizes),
    xattrs: new Map(
      head.xattrs.map(([node, values]) => [
        node,
        new Map(values.map(([name, value]) => [name, new Uint8Array(Buffer.from(value, 'base64'))])),
      ]),
    ),
    top: head.top,
    live: head.live,
    free: head.free,
  });
  return new Tree(table, head.users);
}

/** As the columns of a tree have to be, and as numbers of 64 bits have to lie. */
function inSharedMemory(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer && bytes.byteOffset % 8 === 0) return bytes;
  const copy = shared.uint8(bytes.length);
  copy.set(bytes);
  return copy;
}

/** In the order of the format: wide ones first, so that all lie as their numbers have to. */
function columnsOf(c: Columns): readonly Columns[keyof Columns][] {
  return [c.mtime, c.size, c.parent, c.nameAt, c.uid, c.gid, c.extra, c.first, c.next, c.prev, c.mode, c.nameLength];
}

/** The columns that lie in some bytes, in this order. */
function columnsAt({ buffer, byteOffset }: Uint8Array, start: number, top: number): Columns {
  let at = byteOffset + start;
  const next = (bytes: number): number => {
    at += top * bytes;
    return at - top * bytes;
  };
  const int32 = (): Int32Array => new Int32Array(buffer, next(4), top);
  const uint32 = (): Uint32Array => new Uint32Array(buffer, next(4), top);
  const uint16 = (): Uint16Array => new Uint16Array(buffer, next(2), top);
  return {
    mtime: new BigInt64Array(buffer, next(8), top),
    size: uint32(),
    parent: int32(),
    nameAt: uint32(),
    uid: uint32(),
    gid: uint32(),
    extra: uint32(),
    first: int32(),
    next: int32(),
    prev: int32(),
    mode: uint16(),
    nameLength: uint16(),
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Columns[keyof Columns] | Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function damaged(why: string): VarveError {
  return new VarveError('E_TOC_DAMAGED', `a tree that the store keeps ${why}`);
}
