import { chmodSync, fchmodSync, fchownSync, lchownSync } from 'node:fs';
import { codeOf, VarveError } from '../../model/error.js';
import type { FileEntry } from '../../model/file-entry.js';
import type { TreePath } from '../../model/path.js';
import { isNotPermitted } from '../../sys/errno.js';
import type { Stats } from '../../sys/stats.js';
import { setTimes, setTimesOfOpen } from '../../sys/times.js';
import { listXattrs, removeXattr, setXattr } from '../../sys/xattr.js';
import { isKeptXattr } from '../kept-xattrs.js';

/** How entries are made what their layer says. */
export interface Settling {
  readonly own: OwnDefaults;
  /** Gets what the path became. */
  readonly stats: Stats;
}

/** What this process gives its new files by itself, so that only the rest has to be set. */
export interface OwnDefaults {
  readonly uid: number;
  readonly gid: number;
  readonly umask: number;
  /** Whether files can be given to others. */
  readonly canChown: boolean;
}

export function ownDefaults(canChown: boolean): OwnDefaults {
  return {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    umask: process.umask(),
    canChown,
  };
}

/** Permission bits that a path gets on disk: where it stays our own, we must be able to read and change it. */
export function modeOnDisk(entry: FileEntry, own: OwnDefaults): number {
  if (own.canChown) return entry.mode;
  return (entry.mode & 0o777) | (entry.type === 'directory' ? 0o700 : 0o600);
}

/** Whether owner and mode on disk are not what the layer says, so that they have to be remembered. */
export function isMasked(entry: FileEntry, own: OwnDefaults): boolean {
  if (own.canChown) return false;
  return entry.uid !== own.uid || entry.gid !== own.gid || modeOnDisk(entry, own) !== entry.mode;
}

/** Gives an open, just created file its owner, mode and time, in the order that keeps setuid bits. Only what creating it did not do already is done. */
export function settleOpenFile(fd: number, path: TreePath, entry: FileEntry, own: OwnDefaults): void {
  const mode = modeOnDisk(entry, own);
  if (own.canChown && (entry.uid !== own.uid || entry.gid !== own.gid))
    giveTo(path, entry, () => fchownSync(fd, entry.uid, entry.gid));
  if ((mode & 0o777 & ~own.umask) !== mode) fchmodSync(fd, mode);
  setTimesOfOpen(fd, entry.mtimeNs);
}

/**
 * Looks at an open file that was settled, and mends what the directory or the file system made different (setgid, default ACLs, mount options).
 * Gives whether there was nothing to mend.
 */
export function lookAtOpenFile(fd: number, path: TreePath, entry: FileEntry, { own, stats }: Settling): boolean {
  const mode = modeOnDisk(entry, own);
  stats.open(fd);
  if ((stats.mode & 0o7777) === mode && isOwnedBy(entry, own, stats)) return true;
  if (own.canChown) giveTo(path, entry, () => fchownSync(fd, entry.uid, entry.gid));
  fchmodSync(fd, mode);
  stats.open(fd);
  return false;
}

/** The same for anything that is not opened, just created or not. The time of a directory is set by whoever knows that it is complete. */
export function settlePath(place: string | Buffer, path: TreePath, entry: FileEntry, { own, stats }: Settling): void {
  const mode = modeOnDisk(entry, own);
  stats.path(place);
  const isLink = entry.type === 'symlink';
  const isOwned = isOwnedBy(entry, own, stats);
  if (!isOwned) giveTo(path, entry, () => lchownSync(place, entry.uid, entry.gid));
  // Giving a file away takes setuid bits off it.
  const isMode = isLink || ((stats.mode & 0o7777) === mode && (isOwned || (mode & 0o6000) === 0));
  if (!isMode) chmodSync(place, mode);
  if (entry.type !== 'directory') setTimes(place, entry.mtimeNs);
  else if (isOwned && isMode) return;
  stats.path(place);
}

function isOwnedBy(entry: FileEntry, own: OwnDefaults, stats: Stats): boolean {
  return !own.canChown || (stats.uid === entry.uid && stats.gid === entry.gid);
}

function giveTo(path: TreePath, entry: FileEntry, chown: () => void): void {
  try {
    chown();
  } catch (error) {
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'EPERM') throw error;
    const owner = `${entry.uid}:${entry.gid}`;
    throw new VarveError('E_OWNER_UNMAPPED', `${JSON.stringify(path)} cannot be given to ${owner}, as its layer says`, {
      hint: 'Give the user that runs Varve more ids in /etc/subuid and /etc/subgid.',
      cause: error,
      data: { path, uid: entry.uid, gid: entry.gid },
    });
  }
}

/**
 * Sets extended attributes. Gives false where the kernel or the file system refused one, which then has to be remembered. To be
 * called after the owner was set, since that drops capabilities.
 */
export function applyXattrs(place: string | Buffer, xattrs: ReadonlyMap<string, Uint8Array>): boolean {
  let isComplete = true;
  for (const [name, value] of xattrs) {
    try {
      setXattr(place, name, value);
    } catch (error) {
      if (!isNotPermitted(error) && codeOf(error) !== 'EINVAL') throw error;
      isComplete = false;
    }
  }
  return isComplete;
}

/** Takes away what a directory of a lower layer had and the new entry has not. */
export function dropXattrs(place: string | Buffer, kept: ReadonlyMap<string, Uint8Array> | undefined): void {
  for (const name of listXattrs(place)) {
    if (kept?.has(name) === true || !isKeptXattr(name)) continue;
    try {
      removeXattr(place, name);
    } catch (error) {
      if (!isNotPermitted(error)) throw error;
    }
  }
}
