import assert from 'node:assert/strict';
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StageRoot, UnpackedTrees } from '@varve/engine/plugin';
import { layerTar, snapshotterOf } from '@varve/engine/testing';
import plugin from '../src/index.js';

const signal = AbortSignal.timeout(60_000);
const folder = { type: 'directory' } as const;
const skip = process.geteuid?.() === 0 ? false : 'overlays are mounted by root';

/** Trees below a folder, made once each. */
function treesBelow(place: string): UnpackedTrees & { readonly made: string[] } {
  const made: string[] = [];
  return {
    made,
    async take(name, make) {
      const dir = join(place, Buffer.from(name).toString('hex').slice(-40));
      if (!existsSync(dir)) {
        mkdirSync(dir);
        await make(dir);
        made.push(name);
      }
      return { dir, release: () => undefined };
    },
  };
}

/** A folder for one test, with roots in it that are closed before it is removed. */
class Place implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'varve-overlay-'));
  readonly #roots: StageRoot[] = [];

  async open(unpacked: UnpackedTrees): Promise<StageRoot> {
    const dir = mkdtempSync(join(this.dir, 'root-'));
    const root = await (await snapshotterOf(plugin)).open({ dir, canChown: true, unpacked }, signal);
    this.#roots.push(root);
    return root;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const root of this.#roots) await root[Symbol.asyncDispose]();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

async function changed(root: StageRoot): Promise<readonly string[]> {
  const told: string[] = [];
  for await (const change of root.capture([], signal)) told.push(`${change.kind} ${change.path}`);
  return told;
}

test('a shared layer is unpacked once, and no root writes to what all see', { skip }, async () => {
  await using place = new Place();
  const trees = treesBelow(place.dir);
  const layer = { diffId: 'sha256:a', shared: true, tar: () => layerTar({ etc: folder, 'etc/name': 'base' }) };
  const [one, two] = [await place.open(trees), await place.open(trees)];
  assert.ok(await one.apply(layer, signal));
  assert.equal(await two.apply({ ...layer, tar: () => assert.fail('read again') }, signal), undefined);
  assert.equal(trees.made.length, 1);
  writeFileSync(join(one.dir, 'etc/name'), 'mine');
  assert.deepEqual(await changed(one), ['write etc/name']);
  assert.equal(readFileSync(join(two.dir, 'etc/name'), 'utf8'), 'base');
  assert.deepEqual(await changed(two), []);
});

test('names of trees tell the layers below apart', { skip }, async () => {
  await using place = new Place();
  const trees = treesBelow(place.dir);
  const top = { diffId: 'sha256:b', shared: true, tar: () => layerTar({ top: 'b' }) };
  for (const below of ['sha256:a', 'sha256:c']) {
    const root = await place.open(trees);
    await root.apply({ diffId: below, shared: true, tar: () => layerTar({ below }) }, signal);
    await root.apply(top, signal);
    assert.equal(readFileSync(join(root.dir, 'below'), 'utf8'), below);
  }
  assert.equal(trees.made.length, 4);
});

test('a renamed directory of a lower layer is told path by path', { skip }, async () => {
  await using place = new Place();
  const root = await place.open(treesBelow(place.dir));
  await root.apply(
    {
      diffId: 'sha256:a',
      tar: () => layerTar({ old: folder, 'old/a': '1', 'old/deep': folder, 'old/deep/b': '2', other: '' }),
    },
    signal,
  );
  await root.beforeRun();
  renameSync(join(root.dir, 'old'), join(root.dir, 'new'));
  const told = await changed(root);
  assert.deepEqual(
    told.filter(change => change !== 'write '),
    ['write new', 'write new/a', 'write new/deep', 'write new/deep/b', 'delete old'],
  );
  // What is told is where the next step begins.
  linkSync(join(root.dir, 'new/a'), join(root.dir, 'new/linked'));
  assert.deepEqual(await changed(root), ['write new', 'write new/a', 'write new/linked']);
});
