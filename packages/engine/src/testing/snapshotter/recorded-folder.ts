import { readFileSync } from 'node:fs';
import { treeOfFolder } from '../../kit/scan-folder.js';
import type { Change } from '../../model/change.js';
import type { FileEntry } from '../../model/file-entry.js';
import type { TreePath } from '../../model/path.js';
import { onDisk } from '../../path/bytes.js';
import { parentOf } from '../../path/name.js';
import { comparePaths } from '../../path/order.js';
import { emptyTree, type Tree } from '../../tree/index.js';

/** A small folder as it was at one moment: its tree, and the contents of its files. */
export interface RecordedFolder {
  readonly tree: Tree;
  readonly contents: ReadonlyMap<TreePath, Uint8Array>;
}

export const emptyFolder: RecordedFolder = { tree: emptyTree(), contents: new Map() };

export function recordFolder(dir: string): RecordedFolder {
  const tree = treeOfFolder(dir);
  const contents = new Map<TreePath, Uint8Array>();
  for (const { path, entry } of tree.walk())
    if (entry.type === 'file') contents.set(path, readFileSync(onDisk(dir, path)));
  return { tree, contents };
}

/**
 * What changed, by the definition and by nothing else: each path that is there now and whose entry, content or link group was not this,
 * and each that is there no more. In path order. Whatever finds changes has to find these.
 */
export function changesBetween(before: RecordedFolder, after: RecordedFolder): readonly Change[] {
  const changes: Change[] = [];
  const groups = new Map<TreePath, number>();
  for (const { path, entry } of after.tree.walk()) {
    if (isSame(path, before, after)) continue;
    const [first] = after.tree.linkPeers(path);
    if (first !== undefined) groups.set(first, groups.get(first) ?? groups.size + 1);
    changes.push(written(path, entry, { before, after, group: first === undefined ? undefined : groups.get(first) }));
  }
  for (const { path } of before.tree.walk()) {
    if (path === '' || after.tree.entry(path) !== undefined) continue;
    // What lay below something that is gone, or no directory any more, is gone with it.
    if (after.tree.entry(parentOf(path))?.type === 'directory') changes.push({ kind: 'delete', path });
  }
  return changes.sort((a, b) => comparePaths(a.path, b.path));
}

function isSame(path: TreePath, before: RecordedFolder, after: RecordedFolder): boolean {
  return described(path, before) === described(path, after);
}

/** All that an entry says, its names and its content, as text. */
function described(path: TreePath, { tree, contents }: RecordedFolder): string | undefined {
  const entry = tree.entry(path);
  if (entry === undefined) return undefined;
  const { linkGroup: _, xattrs, ...plain } = entry;
  const content = contents.get(path);
  return JSON.stringify(
    [plain, [...(xattrs ?? [])], tree.linkPeers(path), content && Buffer.from(content).toString('hex')],
    (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  );
}

function written(
  path: TreePath,
  entry: FileEntry,
  {
    before,
    after,
    group,
  }: { readonly before: RecordedFolder; readonly after: RecordedFolder; readonly group: number | undefined },
): Change {
  const { linkGroup: _, ...plain } = entry;
  if (entry.type === 'directory') {
    const old = before.tree.entry(path);
    return { kind: old !== undefined && old.type !== 'directory' ? 'replace' : 'write', path, entry: plain };
  }
  const whole: FileEntry = group === undefined ? plain : { ...plain, linkGroup: group };
  const bytes = after.contents.get(path);
  return { kind: 'write', path, entry: whole, ...(bytes && { content: { kind: 'bytes', bytes } }) };
}
