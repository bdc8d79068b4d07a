import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Change } from '../src/model/change.js';
import { codeOf } from '../src/model/error.js';
import type { TreePath } from '../src/model/path.js';
import { childPath, nameOf, parentOf } from '../src/path/name.js';
import { comparePaths } from '../src/path/order.js';
import { applyChanges, type Tree } from '../src/tree/index.js';
import { file, folder, transferred, treeWith } from './transfer-support.js';

const runs = { numRuns: Number(process.env.VARVE_PROPERTY_RUNS ?? 150) };

/** Names of which one sorts between another and what is in it, and one that is not UTF-8. */
const name = fc.constantFrom('a', 'b', 'a-b', 'é', 'x\udcff');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map(names => names.join('/'));
const leaf = fc.record({ path, isFile: fc.boolean() });
const leaves = fc.array(leaf, { maxLength: 7 });

/** A tree as a model: what is at each path. Files say where they came from. */
type Model = Map<TreePath, { readonly type: 'file' | 'directory'; readonly mark: string }>;

/** Leaves that fit together, with the directories above them. */
function modelOf(given: readonly { readonly path: string; readonly isFile: boolean }[], origin: string): Model {
  const model: Model = new Map();
  for (const { path: at, isFile } of given) {
    const above = ancestors(at);
    if (model.has(at) || above.some(dir => model.get(dir)?.type === 'file')) continue;
    for (const dir of above) model.set(dir, { type: 'directory', mark: 'made' });
    model.set(at, { type: isFile ? 'file' : 'directory', mark: `${origin}/${at}` });
  }
  return model;
}

function ancestors(at: TreePath): readonly TreePath[] {
  const names = at.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

/** The mark of a directory is its mode; that of a file is where its content is. */
function treeOf(model: Model): Tree {
  const entries = [...model].map(([at, { type }]) => [at, type === 'file' ? file() : folder({ mode: 0o711 })] as const);
  return treeWith(Object.fromEntries(entries));
}

/** What cp would do, path by path; undefined where something is in the way. */
function copied(image: Model, source: Model, sources: readonly string[], destination: string): Model | undefined {
  const result: Model = new Map(image);
  const make = (dir: TreePath): boolean =>
    [...ancestors(dir), dir].every(at => {
      if (at === '') return true;
      if (!result.has(at)) result.set(at, { type: 'directory', mark: 'made' });
      return result.get(at)?.type === 'directory';
    });
  const put = (at: TreePath, value: { type: 'file' | 'directory'; mark: string }): boolean => {
    if (result.has(at) && (result.get(at)?.type === 'directory') !== (value.type === 'directory')) return false;
    result.set(at, value);
    return true;
  };
  const place = destination.replace(/^\/|\/$/g, '');
  for (const from of sources) {
    const isDirectory = source.get(from)?.type === 'directory';
    const isFolder = destination.endsWith('/') || result.get(place)?.type === 'directory';
    const target = !isDirectory && isFolder ? childPath(place, nameOf(from)) : place;
    if (!make(isDirectory || isFolder ? place : parentOf(target))) return undefined;
    const below = [...source].filter(([at]) => (isDirectory ? at.startsWith(`${from}/`) : at === from));
    for (const [at, value] of below.sort(([a], [b]) => comparePaths(a, b)))
      if (!put(isDirectory ? childPath(target, at.slice(from.length + 1)) : target, value)) return undefined;
  }
  return result;
}

function check(changes: readonly Change[], before: Tree): void {
  for (const [index, { path: at }] of changes.entries()) {
    const next = changes[index + 1];
    if (next) assert.ok(comparePaths(at, next.path) < 0, `${at} before ${next.path}`);
    const above = parentOf(at);
    const made = changes.slice(0, index).find(change => change.path === above);
    const entry = made === undefined ? before.entry(above) : made.kind === 'delete' ? undefined : made.entry;
    assert.equal(entry?.type, 'directory', `what ${at} is in`);
  }
}

test('random sources on random trees: changes in order, each path once and in a directory, and the tree that cp makes', async () => {
  const line = fc.record({
    destination: fc.oneof(path, fc.constant('')),
    slash: fc.boolean(),
    picks: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
  });
  let refused = 0;
  let laid = 0;
  await fc.assert(
    fc.asyncProperty(leaves, leaves, line, async (inImage, inSource, { destination, slash, picks }) => {
      const [image, source] = [modelOf(inImage, 'image'), modelOf(inSource, 'from')];
      // A Dockerfile is UTF-8: other names are only met below those that it can write.
      const paths = [...source.keys()].filter(at => at.isWellFormed());
      fc.pre(paths.length > 0 && destination.isWellFormed());
      const sources = picks.map(pick => paths[pick % paths.length] as string);
      const place = `/${destination}${slash || sources.length > 1 || destination === '' ? '/' : ''}`.replace(
        /^\/\/$/,
        '/',
      );
      const json = `COPY ${JSON.stringify([...sources, place])}`;
      const before = treeOf(image);
      const wanted = copied(image, source, sources, place);
      const changes = await transferred(json, { image: before, source: treeOf(source) }).catch(codeOf);
      if (wanted === undefined) {
        refused++;
        assert.ok(changes === 'E_COPY_NOT_DIRECTORY' || changes === 'E_COPY_OVER_DIRECTORY', `${changes} of ${json}`);
        return;
      }
      laid++;
      assert.ok(Array.isArray(changes), `${changes} of ${json}`);
      check(changes as readonly Change[], before);
      const after = applyChanges(before, changes as readonly Change[]);
      const types = [...after.walk()].slice(1).map(({ path: at, entry }) => [at, entry.type]);
      const sorted = [...wanted].sort(([a], [b]) => comparePaths(a, b));
      assert.deepEqual(
        types,
        sorted.map(([at, { type }]) => [at, type]),
      );
      for (const change of changes as readonly Change[])
        if (change.kind === 'write' && change.content?.kind === 'path')
          assert.equal(`/${wanted.get(change.path)?.mark}`, change.content.path);
    }),
    runs,
  );
  assert.ok(refused > 0 && laid > runs.numRuns / 3, `${laid} laid, ${refused} refused`);
});
