import type { Change } from '../model/change.js';
import type { TreePath } from '../model/path.js';
import { onDisk } from '../path/bytes.js';
import { childPath } from '../path/name.js';
import type { TreeView } from '../plugin/instruction.js';

/** All of a folder as changes, in path order, from `path` on. */
export function* folderChanges(tree: TreeView, dir: string, path: TreePath = ''): Generator<Change> {
  const entry = tree.entry(path);
  if (!entry) return;
  const content = entry.type === 'file' ? { content: { kind: 'path', path: onDisk(dir, path) } as const } : {};
  yield { kind: 'write', path, entry, ...content };
  for (const name of tree.list(path)) yield* folderChanges(tree, dir, childPath(path, name));
}
