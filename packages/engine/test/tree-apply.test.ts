import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileEntry } from '../src/model/file-entry.js';
import type { LayerEntry } from '../src/model/toc.js';
import { applyChanges, applyToc, emptyTree, type Tree, treeOfLayers } from '../src/tree/index.js';

const file: FileEntry = { type: 'file', mode: 0o644, uid: 0, gid: 0, size: 3, mtimeNs: 5n };
const directory: FileEntry = { ...file, type: 'directory', mode: 0o755, size: 0 };

function write(path: string, entry: Partial<FileEntry> = {}, linkTo?: string): LayerEntry {
  return { kind: 'write', path, entry: { ...file, ...entry }, ...(linkTo !== undefined && { linkTo }) };
}
function dir(path: string, entry: Partial<FileEntry> = {}): LayerEntry {
  return { kind: 'write', path, entry: { ...directory, ...entry } };
}
const link = (path: string, linkTarget: string): LayerEntry =>
  write(path, { type: 'symlink', mode: 0o777, size: 0, linkTarget });
const paths = (tree: Tree): readonly string[] => [...tree.walk()].map(({ path }) => path);

test('scratch is a root directory', () => {
  const tree = emptyTree();
  assert.deepEqual(tree.entry(''), { type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtimeNs: 0n });
  assert.deepEqual(tree.list(''), []);
  assert.equal(tree.entry('x'), undefined);
  assert.deepEqual(paths(tree), ['']);
});

test('entries come back as they went in', () => {
  const entries: readonly LayerEntry[] = [
    dir('', { mode: 0o1777 }),
    write('a', {
      mode: 0o4755,
      uid: 4_000_000_000,
      gid: 262_144,
      size: 2 ** 45,
      mtimeNs: -1n,
      xattrs: new Map([['user.x', Buffer.from('1')]]),
    }),
    link('l', '../somewhere/é\udcff'),
    write('null', { type: 'char', size: 0, device: { major: 1, minor: 3 } }),
    write('pipe', { type: 'fifo', size: 0 }),
    write('old', { mtimeNs: -(2n ** 70n) }),
  ];
  const tree = treeOfLayers([{ entries }]);
  for (const item of entries) {
    assert.ok(item.kind === 'write');
    assert.deepEqual(tree.entry(item.path), item.entry, item.path);
  }
});

test('missing parents are 0755 root:root', () => {
  const tree = treeOfLayers([{ entries: [write('a/b/c')] }]);
  assert.deepEqual(tree.entry('a/b'), { ...directory, mtimeNs: 0n });
});

test('a directory laid on a directory keeps its children', () => {
  const tree = treeOfLayers([{ entries: [dir('d'), write('d/x')] }, { entries: [dir('d', { mode: 0o700 })] }]);
  assert.equal(tree.entry('d')?.mode, 0o700);
  assert.deepEqual(tree.list('d'), ['x']);
});

test('a file laid on a directory removes what is below, and the other way round', () => {
  const base = treeOfLayers([{ entries: [dir('d'), write('d/x/y')] }]);
  const tree = applyToc(base, { entries: [write('d')] });
  assert.deepEqual(paths(tree), ['', 'd']);
  assert.deepEqual(paths(applyToc(tree, { entries: [write('d/z')] })), ['', 'd', 'd/z']);
  assert.deepEqual(paths(base), ['', 'd', 'd/x', 'd/x/y'], 'the old tree is as it was');
});

test('an entry below a link replaces the link', () => {
  const tree = treeOfLayers([{ entries: [dir('run'), link('var/run', '/run')] }, { entries: [write('var/run/x')] }]);
  assert.equal(tree.entry('var/run')?.type, 'directory');
  assert.deepEqual(tree.list('run'), []);
});

test('whiteouts hide lower layers and never their own, wherever they stand', () => {
  const base = { entries: [dir('d'), write('d/old'), write('gone')] };
  for (const entries of [
    [{ kind: 'whiteout', path: 'd' }, dir('d'), write('d/new')],
    [dir('d'), write('d/new'), { kind: 'opaque', path: 'd' }],
    [write('d/new'), { kind: 'whiteout', path: 'd' }],
  ] as const) {
    assert.deepEqual(paths(treeOfLayers([base, { entries }])), ['', 'd', 'd/new', 'gone']);
  }
  assert.deepEqual(paths(treeOfLayers([base, { entries: [{ kind: 'whiteout', path: 'not/there' }] }])), [
    '',
    'd',
    'd/old',
    'gone',
  ]);
});

test('hard links are a group, across layers too', () => {
  const tree = treeOfLayers([{ entries: [write('a'), write('b', {}, 'a')] }, { entries: [write('c', {}, 'b')] }]);
  assert.deepEqual(tree.linkPeers('a'), ['a', 'b', 'c']);
  assert.equal(tree.entry('a')?.linkGroup, tree.entry('c')?.linkGroup);
  const without = applyToc(tree, { entries: [{ kind: 'whiteout', path: 'a' }, write('b')] });
  assert.deepEqual(without.linkPeers('c'), []);
  assert.equal(without.entry('c')?.linkGroup, undefined, 'a file with one name is in no group');
  assert.deepEqual(tree.linkPeers('b'), ['a', 'b', 'c'], 'the old tree is as it was');
});

test('the text of passwd and group is that of the highest layer that has them', () => {
  const passwd = (text: string): { entries: readonly LayerEntry[]; passwd: string } => ({
    entries: [write('etc/passwd')],
    passwd: text,
  });
  const tree = treeOfLayers([passwd('one'), { entries: [write('x')] }]);
  assert.deepEqual([tree.passwd, tree.group], ['one', '']);
  assert.equal(applyToc(tree, passwd('two')).passwd, 'two');
  assert.equal(applyToc(tree, { entries: [{ kind: 'whiteout', path: 'etc' }] }).passwd, '');
});

test('changes: deleted, replaced, written, linked', () => {
  const base = treeOfLayers([{ entries: [dir('d'), write('d/x'), write('e/f'), dir('r'), write('r/old')] }]);
  const tree = applyChanges(base, [
    { kind: 'delete', path: 'd' },
    { kind: 'write', path: 'e/f', entry: { ...file, linkGroup: 1 } },
    { kind: 'write', path: 'e/g', entry: { ...file, linkGroup: 1 } },
    { kind: 'replace', path: 'r', entry: directory },
    { kind: 'write', path: 'r/new', entry: file },
  ]);
  assert.deepEqual(paths(tree), ['', 'e', 'e/f', 'e/g', 'r', 'r/new']);
  assert.deepEqual(tree.linkPeers('e/g'), ['e/f', 'e/g']);
});

test('names are in byte order, a directory right before what is in it', () => {
  const tree = treeOfLayers([
    { entries: ['a-b/x', 'a/x', 'a.b', 'é', 'z', '\udcff', '\u{1f600}', '\uffee'].map(path => write(path)) },
  ]);
  assert.deepEqual(paths(tree), ['', 'a', 'a/x', 'a-b', 'a-b/x', 'a.b', 'z', 'é', '\uffee', '\u{1f600}', '\udcff']);
  assert.deepEqual(tree.list(''), ['a', 'a-b', 'a.b', 'z', 'é', '\uffee', '\u{1f600}', '\udcff']);
});
