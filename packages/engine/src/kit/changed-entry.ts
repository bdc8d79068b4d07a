import { readlinkSync } from 'node:fs';
import { keptXattrs } from '../layer/kept-xattrs.js';
import { codeOf } from '../model/error.js';
import type { FileEntry } from '../model/file-entry.js';
import { bytesToPath } from '../path/bytes.js';
import { readXattrs } from '../sys/index.js';
import { entryOfRow } from './stat-row.js';

/**
 * The whole entry of a path on disk: a row of stat words, link target and xattrs. Undefined where there is nothing that a layer can
 * hold, or nothing any more.
 */
export function entryOnDisk(place: string | Buffer, rows: Uint32Array, offset: number): FileEntry | undefined {
  const entry = entryOfRow(rows, offset);
  if (entry === undefined) return undefined;
  try {
    const xattrs = keptXattrs(readXattrs(place));
    const linkTarget = entry.type === 'symlink' ? readlinkSync(place, { encoding: 'buffer' }) : undefined;
    return {
      ...entry,
      ...(xattrs === undefined ? {} : { xattrs }),
      ...(linkTarget === undefined ? {} : { linkTarget: bytesToPath(linkTarget) }),
    };
  } catch (error) {
    const code = codeOf(error);
    // EINVAL: no link any more.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL') return undefined;
    throw error;
  }
}

/**
 * What a path is now in the eyes of the tree. A file system may hold less than the tree says (no foreign owners, coarser times,
 * no devices): where it says now what it said before, the tree's word stands.
 */
export function mergedEntry(known: FileEntry, before: FileEntry | undefined, now: FileEntry): FileEntry {
  if (before === undefined || before.type !== now.type) return now;
  const { xattrs, linkGroup: _, device, linkTarget, ...rest } = now;
  const kept = sameXattrs(before.xattrs, xattrs) ? known.xattrs : xattrs;
  return {
    ...rest,
    type: known.type,
    mode: before.mode === now.mode ? known.mode : now.mode,
    uid: before.uid === now.uid ? known.uid : now.uid,
    gid: before.gid === now.gid ? known.gid : now.gid,
    mtimeNs: before.mtimeNs === now.mtimeNs ? known.mtimeNs : now.mtimeNs,
    ...(kept === undefined ? {} : { xattrs: kept }),
    ...(linkTarget === undefined ? {} : { linkTarget }),
    ...(known.device === undefined ? {} : { device: device ?? known.device }),
  };
}

/** Whether two entries say the same, but for link groups and content. */
export function isSameEntry(a: FileEntry, b: FileEntry): boolean {
  return (
    a.type === b.type &&
    (a.mode === b.mode || a.type === 'symlink') &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    (a.size === b.size || a.type !== 'file') &&
    a.mtimeNs === b.mtimeNs &&
    a.linkTarget === b.linkTarget &&
    a.device?.major === b.device?.major &&
    a.device?.minor === b.device?.minor &&
    sameXattrs(a.xattrs, b.xattrs)
  );
}

function sameXattrs(a: FileEntry['xattrs'], b: FileEntry['xattrs']): boolean {
  if ((a?.size ?? 0) !== (b?.size ?? 0)) return false;
  for (const [name, value] of a ?? []) {
    const other = b?.get(name);
    if (other === undefined || Buffer.compare(value, other) !== 0) return false;
  }
  return true;
}
