import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FileEntry } from '../src/model/file-entry.js';
import type { LayerEntry } from '../src/model/toc.js';
import { applyToc, decodeTree, emptyTree, encodeTree, type Tree } from '../src/tree/index.js';

const runs = Number(process.env.VARVE_PROPERTY_RUNS ?? 100);
const names = fc.constantFrom('a', 'b', 'etc', 'ü', 'a long name of a file', '\udcff');
const paths = fc.array(names, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'));
const numbers = fc.record({
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.nat(),
  gid: fc.nat(),
  mtimeNs: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
});
const xattrs = fc.option(
  fc.uint8Array({ maxLength: 5 }).map(value => new Map([['user.x', value]])),
  { nil: undefined },
);
const sizes = fc.oneof(fc.nat(), fc.integer({ min: 2 ** 32 - 1, max: Number.MAX_SAFE_INTEGER }));
const entries: fc.Arbitrary<FileEntry> = fc
  .tuple(numbers, fc.constantFrom('file', 'directory', 'symlink', 'char'), xattrs, sizes)
  .map(([own, type, attributes, size]) => ({
    ...own,
    type: type as FileEntry['type'],
    size: type === 'file' ? size : 0,
    ...(type === 'symlink' ? { linkTarget: `../${size}` } : {}),
    ...(type === 'char' ? { device: { major: 1, minor: size % 256 } } : {}),
    ...(attributes === undefined ? {} : { xattrs: attributes }),
  }));
const items: fc.Arbitrary<LayerEntry> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), path: paths, entry: entries }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('whiteout' as const, 'opaque' as const), path: paths }) },
);
const layers = fc.array(fc.array(items, { maxLength: 12 }), { minLength: 1, maxLength: 4 });

function treeOf(stack: readonly (readonly LayerEntry[])[]): Tree {
  return stack.reduce(
    (tree, layer) => applyToc(tree, { entries: [...layer, ...linksOf(layer)], passwd: 'root:x:0:0::/:/bin/sh\n' }),
    emptyTree(),
  );
}

/** A second name for every file of a layer. */
function linksOf(layer: readonly LayerEntry[]): readonly LayerEntry[] {
  return layer.flatMap(item =>
    item.kind === 'write' && item.entry.type === 'file' && item.entry.size % 3 === 0
      ? [{ ...item, path: `link-${item.path.replaceAll('/', '-')}`, linkTo: item.path }]
      : [],
  );
}

function contentsOf(tree: Tree): unknown {
  const { passwd, group, size } = tree;
  return {
    passwd,
    group,
    size,
    files: [...tree.walk()],
    links: [...tree.walk()].map(({ path }) => tree.linkPeers(path)),
  };
}

test('a tree that was written is the same when it is read, and can be built on', () => {
  fc.assert(
    fc.property(layers, fc.array(items, { maxLength: 8 }), (stack, more) => {
      const tree = treeOf(stack);
      const bytes = encodeTree(tree);
      const inShared = Buffer.from(new SharedArrayBuffer(bytes.length));
      bytes.copy(inShared);
      const after = contentsOf(applyToc(tree, { entries: more }));
      for (const read of [decodeTree(bytes), decodeTree(inShared)]) {
        assert.deepEqual(contentsOf(read), contentsOf(tree));
        assert.deepEqual(contentsOf(applyToc(read, { entries: more })), after);
        assert.deepEqual(contentsOf(read), contentsOf(tree), 'what is laid on it changes it');
      }
    }),
    { numRuns: runs },
  );
});

test('a hard link to what has become a directory is a file of its own', () => {
  const entry: FileEntry = { type: 'file', mode: 0o644, uid: 0, gid: 0, size: 4, mtimeNs: 5n };
  const tree = treeOf([
    [
      { kind: 'write', path: 'a', entry },
      { kind: 'write', path: 'a/b', entry },
      { kind: 'write', path: 'link', entry, linkTo: 'a' },
    ],
  ]);
  const after = applyToc(tree, { entries: [{ kind: 'whiteout', path: 'a' }] });
  assert.deepEqual(after.linkPeers('link'), []);
  assert.equal(after.entry('link')?.linkGroup, undefined);
});

test('what the columns have no room for comes back as it was: large sizes, times far away', () => {
  fc.assert(
    fc.property(entries, entries, (first, second) => {
      const write = (entry: FileEntry): LayerEntry => ({ kind: 'write', path: 'x', entry });
      for (const last of [first, second]) {
        const tree = applyToc(treeOf([[write(first)]]), { entries: [write(last)] });
        assert.deepEqual(decodeTree(encodeTree(tree)).entry('x'), last);
      }
    }),
    { numRuns: runs },
  );
});

test('bytes that are damaged anywhere are refused', () => {
  const bytes = encodeTree(
    treeOf([
      [{ kind: 'write', path: 'a', entry: { type: 'file', mode: 0o644, uid: 0, gid: 0, size: 3, mtimeNs: 5n } }],
    ]),
  );
  for (let at = 0; at < bytes.length; at++) {
    const wrong = Buffer.from(bytes);
    wrong[at] = (wrong[at] as number) ^ 1;
    assert.throws(() => decodeTree(wrong), { code: 'E_TOC_DAMAGED' });
    assert.throws(() => decodeTree(bytes.subarray(0, at)), { code: 'E_TOC_DAMAGED' });
  }
});
