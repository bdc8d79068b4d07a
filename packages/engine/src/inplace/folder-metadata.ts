import { chmodSync, lchownSync, lstatSync } from 'node:fs';
import { setTimes } from '../sys/times.js';
import { listXattrs, readXattrs, removeXattr, setXattr } from '../sys/xattr.js';
import { type BytePath, onDisk } from './byte-paths.js';

/** What a folder says of itself, as JSON can hold it. */
export interface FolderMetadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** A decimal number. */
  readonly mtimeNs: string;
  /** Extended attributes, in base64. */
  readonly xattrs: Readonly<Record<string, string>>;
}

/** Those that a file system or a security module makes up itself are left alone. */
const notOurs = /^(trusted\.overlay\.|user\.overlay\.|security\.selinux$|system\.(?!posix_acl))/;

export function readMetadata(path: BytePath): FolderMetadata {
  const { mode, uid, gid, mtimeNs } = lstatSync(onDisk(path), { bigint: true });
  const xattrs = [...(readXattrs(onDisk(path)) ?? [])].filter(([name]) => !notOurs.test(name));
  return {
    mode: Number(mode & 0o7777n),
    uid: Number(uid),
    gid: Number(gid),
    mtimeNs: String(mtimeNs),
    xattrs: Object.fromEntries(xattrs.map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
  };
}

/** Time of modification last: to be called when nothing is put into the folder any more. */
export function writeMetadata(path: BytePath, { mode, uid, gid, mtimeNs, xattrs }: FolderMetadata): void {
  const folder = onDisk(path);
  lchownSync(folder, uid, gid);
  chmodSync(folder, mode);
  for (const name of listXattrs(folder)) if (!notOurs.test(name) && !(name in xattrs)) removeXattr(folder, name);
  for (const [name, value] of Object.entries(xattrs)) setXattr(folder, name, Buffer.from(value, 'base64'));
  setTimes(folder, BigInt(mtimeNs));
}

/** Does something to what is in a folder, and leaves the folder's own time of modification as it was. */
export function keepingTime<Result>(path: BytePath, act: () => Result): Result {
  const { mtimeNs } = lstatSync(onDisk(path), { bigint: true });
  try {
    return act();
  } finally {
    setTimes(onDisk(path), mtimeNs);
  }
}
