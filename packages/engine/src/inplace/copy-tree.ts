import {
  type BigIntStats,
  chmodSync,
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { decodeDevice, makeDevice, makeFifo } from '../sys/nodes.js';
import { setTimes } from '../sys/times.js';
import { readXattrs, setXattr } from '../sys/xattr.js';
import { type BytePath, namesIn, onDisk } from './byte-paths.js';

/** Copies a file, or a folder with all that is in it, to a name that is free: owners, modes, times, attributes and hard links too. Sockets are left out. */
export function copyTree(from: BytePath, to: BytePath, links = new Map<string, BytePath>()): void {
  const stats = lstatSync(onDisk(from), { bigint: true });
  const first = stats.nlink > 1n && !stats.isDirectory() ? links.get(String(stats.ino)) : undefined;
  if (first !== undefined) linkSync(onDisk(first), onDisk(to));
  if (first !== undefined || !make(from, to, stats)) return;
  links.set(String(stats.ino), to);
  if (stats.isDirectory()) for (const name of namesIn(from)) copyTree(`${from}/${name}`, `${to}/${name}`, links);
  lchownSync(onDisk(to), Number(stats.uid), Number(stats.gid));
  if (!stats.isSymbolicLink()) chmodSync(onDisk(to), Number(stats.mode & 0o7777n));
  for (const [name, value] of readXattrs(onDisk(from)) ?? [])
    if (!name.includes('overlay.')) setXattr(onDisk(to), name, value);
  setTimes(onDisk(to), stats.mtimeNs);
}

function make(from: BytePath, to: BytePath, stats: BigIntStats): boolean {
  if (stats.isDirectory()) mkdirSync(onDisk(to), { mode: 0o700 });
  else if (stats.isFile()) copyFileSync(onDisk(from), onDisk(to), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  else if (stats.isSymbolicLink()) symlinkSync(readlinkSync(onDisk(from), { encoding: 'buffer' }), onDisk(to));
  else if (stats.isFIFO()) makeFifo(onDisk(to), 0o600);
  else if (stats.isSocket()) return false;
  else makeDevice(onDisk(to), stats.isBlockDevice() ? 'block' : 'char', 0o600, decodeDevice(stats.rdev));
  return true;
}
