import { readdirSync } from 'node:fs';
import {
  bytesToPath,
  childPath,
  comparePaths,
  isSameEntry,
  Looker,
  onDisk,
  parentOf,
  type Seen,
  setTimes,
} from '@varve/engine/kit';
import type { TreePath } from '@varve/engine/plugin';
import type { Candidate, Views } from './candidate.js';
import { hasSameContent } from './touched.js';

/**
 * Completes files with several names: all of them have changed when one has, when one came or one went, whether the upper folder
 * mentions them or not. Gives the candidates in path order.
 */
export function regroup(candidates: Candidate[], views: Views, ignored: ReadonlySet<TreePath>): readonly Candidate[] {
  const wanted = touchedGroups(candidates, views, ignored);
  const isLinked = wanted.size > 0 || candidates.some(({ after }) => isLinkedFile(after));
  if (!isLinked) return candidates;
  const groupsBefore = namesOf(wanted, views.before, ignored);
  const all = withPeers(candidates, groupsBefore, views);
  const looker = new Looker();
  const groupsAfter = new Map<string, Candidate[]>();
  for (const candidate of all) {
    if (candidate.after?.entry.type !== 'file') continue;
    const file = identity(candidate.path, candidate.after, views, looker);
    const group = groupsAfter.get(file);
    if (group === undefined) groupsAfter.set(file, [candidate]);
    else group.push(candidate);
  }
  const touched = new Set([...wanted].map(numberOf));
  let groups = 0;
  for (const names of groupsAfter.values()) {
    const known =
      groupsBefore.get(names[0]?.before?.inode ?? '') ?? new Set(names.length === 1 ? [names[0]?.path] : []);
    const asBefore =
      known.size === names.length &&
      names.every(({ path, before }) => known.has(path) && before?.inode === names[0]?.before?.inode);
    // One name that is left may be in a directory that has another path now, so it is told by the number that the file keeps.
    const wasLinked =
      known.size > 1 || names.some(({ after }) => after !== undefined && touched.has(numberOf(after.inode)));
    if ((names.length > 1 || wasLinked) && views.keepsLinks) copyUp(names, views);
    if (asBefore && names.every(({ changed }) => !changed)) continue;
    groups += 1;
    for (const name of names) {
      name.changed = true;
      if (names.length > 1) name.linkGroup = groups;
    }
  }
  return all;
}

/** Without the device, which two views of one file do not share. */
function numberOf(inode: string): string {
  return inode.slice(inode.indexOf(':') + 1);
}

type LinkedFile = NonNullable<Candidate['after']>;

function isLinkedFile(seen: Candidate['after']): seen is LinkedFile {
  return seen?.entry.type === 'file' && seen.links > 1;
}

/**
 * Equal for names of one file after the step. Where links do not stay together the overlay may give the names of a file that was copied up
 * numbers of their own (`userxattr` does), so the upper folder says which file it is.
 */
function identity(path: TreePath, after: Seen, { upper, keepsLinks }: Views, looker: Looker): string {
  if (keepsLinks || after.links < 2) return after.inode;
  const copiedUp = looker.look(onDisk(upper, path));
  return copiedUp?.entry.type === 'file' ? `upper ${copiedUp.inode}` : after.inode;
}

/** The candidates with the other names of their files, which the step did not have to touch in order to change them. */
function withPeers(
  candidates: Candidate[],
  groups: ReadonlyMap<string, ReadonlySet<TreePath>>,
  views: Views,
): Candidate[] {
  const known = new Set(candidates.map(({ path }) => path));
  const closed = new Set(candidates.filter(({ after }) => after?.entry.type !== 'directory').map(({ path }) => path));
  const looker = new Looker();
  const peers: Candidate[] = [];
  for (const path of [...groups.values()].flatMap(names => [...names])) {
    // What is below no directory any more is gone with it; a link that took its place would lead elsewhere.
    if (known.has(path) || isBelow(closed, path)) continue;
    const before = looker.look(onDisk(views.before, path));
    const after = looker.look(onDisk(views.after, path));
    if (before === undefined || after === undefined) continue;
    const changed = !isSameEntry(before.entry, after.entry) || !hasSameContent(path, views);
    peers.push({ path, before, after, changed });
  }
  return peers.length === 0 ? candidates : [...candidates, ...peers].sort((a, b) => comparePaths(a.path, b.path));
}

function isBelow(paths: ReadonlySet<TreePath>, path: TreePath): boolean {
  for (let dir = parentOf(path); dir !== ''; dir = parentOf(dir)) if (paths.has(dir)) return true;
  return false;
}

/** The files with several names, by inode, of which the step may have touched one or taken one away. */
function touchedGroups(
  candidates: readonly Candidate[],
  { before: root }: Views,
  ignored: ReadonlySet<TreePath>,
): ReadonlySet<string> {
  const touched = new Set<string>();
  const looker = new Looker();
  for (const { path, before, after } of candidates) {
    if (isLinkedFile(before)) touched.add(before.inode);
    // With a directory go the names in it, one by one.
    if (before?.entry.type !== 'directory' || after?.entry.type === 'directory') continue;
    for (const file of filesBelow(root, path, ignored)) {
      const seen = looker.names(onDisk(root, file));
      if (seen !== undefined && seen.links > 1) touched.add(seen.inode);
    }
  }
  return touched;
}

/** The names of these files in a root, by inode. Walks it: only steps that touch files with several names pay for that. */
function namesOf(
  inodes: ReadonlySet<string>,
  root: string,
  ignored: ReadonlySet<TreePath>,
): ReadonlyMap<string, ReadonlySet<TreePath>> {
  const names = new Map<string, Set<TreePath>>();
  if (inodes.size === 0) return names;
  const looker = new Looker();
  for (const path of filesBelow(root, '', ignored)) {
    const inode = looker.names(onDisk(root, path))?.inode;
    if (inode === undefined || !inodes.has(inode)) continue;
    names.set(inode, (names.get(inode) ?? new Set()).add(path));
  }
  return names;
}

function* filesBelow(
  root: string,
  top: TreePath,
  ignored: ReadonlySet<TreePath>,
): Generator<TreePath, void, undefined> {
  const ahead = [top];
  for (let dir = ahead.pop(); dir !== undefined; dir = ahead.pop()) {
    for (const item of readdirSync(onDisk(root, dir), { encoding: 'buffer', withFileTypes: true })) {
      const path = childPath(dir, bytesToPath(item.name));
      if (ignored.has(path)) continue;
      if (item.isDirectory()) ahead.push(path);
      else if (item.isFile()) yield path;
    }
  }
}

/**
 * Brings all names of a touched file into the upper folder: the overlay's index keeps them together, but the upper folder may have some of
 * them only, or none where the one that was written to is gone, and the index ends with the mount.
 */
function copyUp(names: readonly Candidate[], views: Views): void {
  for (const { path, after } of names) {
    if (after !== undefined) setTimes(onDisk(views.after, path), after.entry.mtimeNs);
  }
}
