import type { Change } from '../model/change.js';
import type { TreePath } from '../model/path.js';
import { childPath } from '../path/name.js';
import { comparePaths } from '../path/order.js';
import type { TreeView } from '../plugin/instruction.js';

/**
 * What makes one tree of another, in path order and without contents: deletions, and everything that is in the later one under a path in
 * `written`, which has to hold each path that was written on the way (others may be in it, too).
 */
export function changesBetween(earlier: TreeView, later: TreeView, written: Iterable<TreePath>): readonly Change[] {
  const changes: Change[] = [...deletions(earlier, later, '')];
  for (const path of new Set(written)) {
    const entry = later.entry(path);
    if (entry === undefined) continue;
    const before = entry.type === 'directory' ? earlier.entry(path) : undefined;
    const stoodElsewise = before !== undefined && before.type !== 'directory';
    changes.push({ kind: stoodElsewise ? 'replace' : 'write', path, entry });
  }
  return changes.sort((a, b) => comparePaths(a.path, b.path));
}

/** What is gone of a directory that is still there; of what became something else the change of that path tells. */
function* deletions(earlier: TreeView, later: TreeView, dir: TreePath): Generator<Change> {
  for (const name of earlier.list(dir)) {
    const path = childPath(dir, name);
    const [before, now] = [earlier.entry(path), later.entry(path)];
    if (now === undefined) yield { kind: 'delete', path };
    else if (before?.type === 'directory' && now.type === 'directory') yield* deletions(earlier, later, path);
  }
}
