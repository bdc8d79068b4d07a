import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Change } from '../src/model/change.js';
import type { FileEntry } from '../src/model/file-entry.js';
import { comparePaths } from '../src/path/order.js';
import { applyChanges, changesBetween, emptyTree, type Tree } from '../src/tree/index.js';

type Deed = readonly [kind: 'file' | 'directory' | 'symlink' | 'delete' | 'replace', path: string];

const entryOf = (type: FileEntry['type'], mtimeNs: bigint): FileEntry => ({
  ...{ type, mode: 0o755, uid: 0, gid: 0, size: 0, mtimeNs },
  ...(type === 'symlink' ? { linkTarget: 'x' } : {}),
});

const names = fc.constantFrom('a', 'b', 'a-b', 'é');
const deed: fc.Arbitrary<Deed> = fc.tuple(
  fc.constantFrom('file', 'directory', 'symlink', 'delete', 'replace'),
  fc.array(names, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/')),
);

/** Does deeds one by one, as steps do, and tells what was written on the way. */
function after(start: Tree, deeds: readonly Deed[]): { readonly tree: Tree; readonly written: readonly string[] } {
  let tree = start;
  const written: string[] = [];
  let time = BigInt(start.size);
  const write = (path: string, type: FileEntry['type'], afresh = false): void => {
    const found = tree.entry(path)?.type;
    const isOther = type === 'directory' && found !== undefined && (afresh || found !== 'directory');
    tree = applyChanges(tree, [{ kind: isOther ? 'replace' : 'write', path, entry: entryOf(type, ++time) }]);
    written.push(path);
  };
  for (const [kind, path] of deeds) {
    const parents = path.split('/').slice(0, -1);
    if (kind === 'delete') {
      if (tree.entry(path) !== undefined) tree = applyChanges(tree, [{ kind: 'delete', path }]);
      continue;
    }
    for (const index of parents.keys()) write(parents.slice(0, index + 1).join('/'), 'directory');
    write(path, kind === 'replace' ? 'directory' : kind, kind === 'replace');
  }
  return { tree, written };
}

const contentOf = (tree: Tree) => [...tree.walk()];

test('what is between two trees makes the later one of the earlier one, in path order', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 20 }), fc.array(deed, { maxLength: 20 }), (first, second) => {
      const earlier = after(emptyTree(), first).tree;
      const { tree: later, written } = after(earlier, second);
      const changes: readonly Change[] = changesBetween(earlier, later, written);
      assert.deepEqual(contentOf(applyChanges(earlier, changes)), contentOf(later));
      for (const [index, { path }] of changes.slice(1).entries())
        assert.ok(comparePaths(changes[index]?.path ?? '', path) < 0, path);
    }),
    { numRuns: Number(process.env.VARVE_PROPERTY_RUNS ?? 300) },
  );
});
