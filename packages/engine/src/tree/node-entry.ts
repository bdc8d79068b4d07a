import type { FileEntry, FileType } from '../model/file-entry.js';
import { bytesToPath, pathToBytes } from '../path/bytes.js';
import type { NodeTable } from './node-table.js';

const typeMask = 0o170000;

const typeBits: Readonly<Record<FileType, number>> = {
  fifo: 0o010000,
  char: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
};
const types = new Map<number, FileType>(Object.entries(typeBits).map(([type, bits]) => [bits, type as FileType]));

/** The type in an `st_mode`; undefined for a socket, which no layer can hold. */
export function typeOfMode(mode: number): FileType | undefined {
  return types.get(mode & typeMask);
}

/** `st_mode` of an entry. */
function modeOfEntry(entry: Pick<FileEntry, 'type' | 'mode'>): number {
  return typeBits[entry.type] | (entry.mode & 0o7777);
}

/** What a node says of its file. A fresh value each time. */
export function readEntry(table: NodeTable, node: number): FileEntry {
  const c = table.columns;
  const mode = c.mode[node] as number;
  const type = typeOfMode(mode) ?? 'file';
  const xattrs = table.xattrs.get(node);
  const device = table.devices.get(node);
  const group = type === 'file' ? (c.extra[node] as number) : 0;
  return {
    type,
    mode: mode & 0o7777,
    uid: c.uid[node] as number,
    gid: c.gid[node] as number,
    size: table.size(node),
    mtimeNs: table.oddTimes.get(node) ?? (c.mtime[node] as bigint),
    ...(type === 'symlink' ? { linkTarget: bytesToPath(table.arena.framed(c.extra[node] as number)) } : {}),
    ...(device === undefined ? {} : { device }),
    ...(xattrs === undefined ? {} : { xattrs }),
    ...(group !== 0 && table.groups.members(group).size > 1 ? { linkGroup: group } : {}),
  };
}

/**
 * Makes a node say `entry`. Its place in the tree stays; children are the caller's business. `entry.linkGroup` is not looked at,
 * since its number may come from elsewhere: see `joinGroup`.
 */
export function writeEntry(table: NodeTable, node: number, entry: FileEntry): void {
  const c = table.columns;
  table.leaveGroup(node);
  c.mode[node] = modeOfEntry(entry);
  c.uid[node] = entry.uid;
  c.gid[node] = entry.gid;
  writeSize(table, node, entry.type === 'file' ? entry.size : 0);
  writeTime(table, node, entry.mtimeNs);
  c.extra[node] = entry.type === 'symlink' ? table.arena.addFramed(pathToBytes(entry.linkTarget ?? '')) : 0;
  if (entry.device === undefined) table.devices.delete(node);
  else table.devices.set(node, entry.device);
  if (entry.xattrs === undefined || entry.xattrs.size === 0) table.xattrs.delete(node);
  else table.xattrs.set(node, entry.xattrs);
}

/** Makes two nodes names of one file. */
export function joinGroup(table: NodeTable, group: number, node: number): void {
  table.leaveGroup(node);
  table.columns.extra[node] = group;
  table.groups.join(group, node);
}

/** The link group of a node as the tree keeps it; 0 for what is no file or was never linked. */
export function linkGroupOf(table: NodeTable, node: number): number {
  return isFile(table, node) ? (table.columns.extra[node] as number) : 0;
}

/** Whether a node is a regular file: nothing else is in a link group. */
export function isFile(table: NodeTable, node: number): boolean {
  return ((table.columns.mode[node] as number) & typeMask) === typeBits.file;
}

/** The group of a file, made where it has none yet. */
export function groupOf(table: NodeTable, node: number): number {
  const known = table.columns.extra[node] as number;
  if (known !== 0) return known;
  const group = table.groups.fresh();
  joinGroup(table, group, node);
  return group;
}

function writeSize(table: NodeTable, node: number, size: number): void {
  table.columns.size[node] = size;
  if (table.columns.size[node] === size) table.largeSizes.delete(node);
  else table.largeSizes.set(node, size);
}

function writeTime(table: NodeTable, node: number, mtimeNs: bigint): void {
  const kept = BigInt.asIntN(64, mtimeNs);
  table.columns.mtime[node] = kept;
  if (kept === mtimeNs) table.oddTimes.delete(node);
  else table.oddTimes.set(node, mtimeNs);
}
