import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeToc, encodeToc } from '../src/layer/toc-codec.js';
import type { FileEntry } from '../src/model/file-entry.js';
import type { LayerEntry, LayerToc } from '../src/model/toc.js';
import { Glimpse, type Tree, treeOfLayers } from '../src/tree/index.js';

const runs = Number(process.env.VARVE_PROPERTY_RUNS ?? 300);

const directory: FileEntry = { type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtimeNs: 7n };
const file: FileEntry = { ...directory, type: 'file', mode: 0o644 };

const names = fc.constantFrom('a', 'ab', 'b', 'etc', 'a-b');
const paths = fc.array(names, { minLength: 0, maxLength: 3 }).map(parts => parts.join('/'));
const entries: fc.Arbitrary<LayerEntry> = fc
  .tuple(paths, fc.constantFrom('file', 'directory', 'directory', 'link', 'hard link', 'whiteout', 'opaque'), paths)
  .filter(([path, kind]) => path !== '' || kind === 'directory' || kind === 'opaque')
  .map(([path, kind, other]): LayerEntry => {
    if (kind === 'whiteout' || kind === 'opaque') return { kind, path };
    if (kind === 'directory') return { kind: 'write', path, entry: { ...directory, uid: path.length } };
    if (kind === 'link')
      return { kind: 'write', path, entry: { ...file, type: 'symlink', linkTarget: `/${other}/../${other}` } };
    if (kind === 'hard link') return { kind: 'write', path, entry: file, linkTo: other };
    return { kind: 'write', path, entry: { ...file, xattrs: new Map([['user.x', Buffer.from(other)]]) } };
  });
const layers = fc.array(fc.array(entries, { maxLength: 8 }), { minLength: 1, maxLength: 3 });
const asked = fc.tuple(fc.constantFrom('entry', 'list', 'resolve', 'passwd'), paths, fc.constantFrom('', '/', '/../'));

/** As the store gives it. */
function tocOf(layer: readonly LayerEntry[]): LayerToc {
  return decodeToc(encodeToc({ entries: layer, passwd: 'root:x:0:0::/:/bin/sh\n' }));
}

function answer(
  tree: Pick<Tree, 'entry' | 'list' | 'resolve' | 'passwd'>,
  [what, path, more]: [string, string, string],
) {
  if (what === 'entry') return tree.entry(path);
  if (what === 'list') return tree.list(path);
  if (what === 'passwd') return tree.passwd;
  try {
    return tree.resolve(`${path}${more}b`);
  } catch (error) {
    return (error as { readonly code?: string }).code;
  }
}

test('a glimpse of layers answers as their tree does', () => {
  fc.assert(
    fc.property(layers, fc.array(asked, { minLength: 1, maxLength: 4 }), (stack, questions) => {
      const whole = treeOfLayers(stack.map(tocOf));
      const glimpse = new Glimpse(stack.map(tocOf), () => whole);
      for (const question of questions)
        assert.deepEqual(answer(glimpse, question), answer(whole, question), question.join(' '));
    }),
    { numRuns: runs },
  );
});

test('what lies at one name of the root directory is told without laying the layers', () => {
  const layer: LayerEntry[] = [
    { kind: 'write', path: 'usr/bin/tool', entry: file },
    { kind: 'write', path: '', entry: { ...directory, mode: 0o711 } },
    { kind: 'write', path: 'bin', entry: { ...file, type: 'symlink', linkTarget: 'usr/bin' } },
    { kind: 'write', path: 'app/old', entry: file },
  ];
  let laid = 0;
  const lay = (): Tree => {
    laid++;
    return treeOfLayers([{ entries: layer }]);
  };
  const glimpse = new Glimpse([tocOf(layer)], lay);
  assert.equal(glimpse.resolve('/srv/x'), 'srv/x');
  assert.equal(glimpse.entry('srv'), undefined);
  assert.equal(glimpse.entry('')?.mode, 0o711);
  assert.deepEqual(glimpse.list('app'), ['old']);
  assert.equal(laid, 0);
  assert.equal(glimpse.resolve('/bin/tool'), 'usr/bin/tool');
  assert.deepEqual(glimpse.list(''), ['app', 'bin', 'usr']);
  assert.equal(laid, 1);
});

test('the entries below a name are those that a look at all of them finds', () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 12 }), names, (layer, name) => {
      const isWanted = ({ path }: LayerEntry): boolean => path === '' || path === name || path.startsWith(`${name}/`);
      const all = [...tocOf(layer).entries].filter(isWanted);
      assert.deepEqual([...(tocOf(layer).entries.under?.(name) ?? [])], all);
    }),
    { numRuns: runs },
  );
});
