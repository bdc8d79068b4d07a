import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { collectContent, type Digest, digestOf } from '@varve/oci';
import { openKeptImage } from '../src/inspect/kept-image.js';
import type { CachedStep, CacheKey } from '../src/model/key.js';
import type { LayerCache } from '../src/plugin/cache.js';
import { holdCacheMount } from '../src/store/cache-mounts.js';
import { openKeptImages } from '../src/store/kept.js';
import { type PruneRequest, type PruneResult, pruneStore } from '../src/store/prune.js';
import { openScratch } from '../src/store/scratch.js';
import { openStore, type Store } from '../src/store/store.js';
import { listUsage } from '../src/store/usage.js';
import { builtSample } from './built-sample.js';

const root = mkdtempSync(join(tmpdir(), 'varve-prune-'));
after(() => rmSync(root, { recursive: true, force: true }));

const day = 86_400_000;
let store: Store;
let cache: LayerCache;
let records: Map<CacheKey, { step: CachedStep; lastUsed: number }>;
let layerBytes: Uint8Array;

beforeEach(() => {
  store = openStore(mkdtempSync(join(root, 'store-')));
  records = new Map();
  cache = {
    findMany: async keys => keys.map(key => records.get(key)?.step),
    open: async () => undefined,
    save: async () => 'declined',
    entries: async () =>
      [...records].map(([key, { step, lastUsed }]) => ({ key, step, kind: 'run', place: `place ${key}`, lastUsed })),
    forget: async keys => {
      for (const key of keys) records.delete(key);
    },
    close: async () => undefined,
  };
});

/** A blob of a size that was used so many days ago. */
async function blob(name: string, size: number, days: number): Promise<Digest> {
  const bytes = Buffer.from(name.padEnd(size, '.'));
  const digest = digestOf(bytes);
  await store.put(digest, bytes);
  setAge(store.blobPath(digest), days);
  return digest;
}

function setAge(path: string, days: number): void {
  const time = (Date.now() - days * day) / 1000;
  utimesSync(path, time, time);
}

async function step(name: string, size: number, days: number): Promise<CacheKey> {
  const digest = await blob(name, size, days);
  const key = name as CacheKey;
  const layer = { descriptor: { mediaType: 'application/x', digest, size }, diffId: digest };
  records.set(key, {
    step: { layer, compressor: 'x', created: '2026-01-01T00:00:00Z' },
    lastUsed: Date.now() - days * day,
  });
  return key;
}

async function keptImage(days: number): Promise<readonly Digest[]> {
  const { images, blobs } = await builtSample({ layers: [{ file: 'x' }] });
  layerBytes = blobs.get(images.images[0].layers[0]?.descriptor.digest ?? '') as Uint8Array;
  await store.put(digestOf(layerBytes), layerBytes);
  await (await openKeptImages(store)).keep(images, ['docker.io/library/app:1', 'docker.io/library/app:2']);
  const all = [
    digestOf(layerBytes),
    images.images[0].configDescriptor.digest,
    images.images[0].manifestDescriptor.digest,
  ];
  for (const digest of all) setAge(store.blobPath(digest), days);
  return all;
}

const prune = (request: PruneRequest = {}): Promise<PruneResult> => pruneStore(store, [{ id: 'lmdb', cache }], request);
const here = (digest: Digest): boolean => existsSync(store.blobPath(digest));

describe('what the store keeps', () => {
  it('is listed with every file in one row', async () => {
    const kept = await keptImage(3);
    await step('run make', 500, 2);
    const base = await blob('base', 700, 1);
    writeFileSync(join(store.dir, 'toc', 'a'.repeat(64)), 'toc');
    const rows = await listUsage(store, [{ id: 'lmdb', cache }]);
    assert.deepEqual(
      rows.map(({ kind, id, size, what }) => [kind, kind === 'step' ? what : id, kind === 'image' ? '' : size]),
      [
        ['toc', `sha256:${'a'.repeat(64)}`, 3],
        ['base', base, 700],
        ['step', 'place run make', 500],
        ['image', 'docker.io/library/app:1', ''],
        ['image', 'docker.io/library/app:2', ''],
      ],
    );
    assert.deepEqual(rows.flatMap(({ blobs }) => blobs).length, kept.length + 2);
  });
});

describe('pruning', () => {
  it('takes only what nothing names, when nothing is said', async () => {
    const kept = await keptImage(100);
    await step('run make', 500, 100);
    const base = await blob('base', 700, 1);
    const { freed, removed } = await prune();
    assert.equal(freed, 700);
    assert.deepEqual(
      removed.map(({ id }) => id),
      [base],
    );
    assert.ok(!here(base));
    assert.ok(kept.every(here));
    assert.equal(records.size, 1);
  });

  it('goes by age, and takes records with their blobs', async () => {
    const kept = await keptImage(100);
    await step('old', 500, 30);
    await step('new', 500, 1);
    const { removed } = await prune({ olderThan: 7 * day });
    assert.deepEqual(
      removed.map(({ what }) => what),
      ['place old'],
    );
    assert.deepEqual([...records.keys()], ['new']);
    assert.ok(kept.every(here));
  });

  it('leaves kept images whole, also where a cache remembers their layers', async () => {
    const kept = await keptImage(100);
    const [layer] = kept as readonly [Digest];
    const descriptor = { mediaType: 'application/x', digest: layer, size: layerBytes.length };
    const made: CachedStep = { layer: { descriptor, diffId: layer }, compressor: 'x', created: '2026-01-01T00:00:00Z' };
    records.set('k' as CacheKey, { step: made, lastUsed: 0 });
    await prune({ olderThan: day, maxSize: 0 });
    assert.ok(kept.every(here));
    assert.equal(records.size, 0);
  });

  it('goes by size, what was used longest ago first', async () => {
    await step('oldest', 400, 9);
    await step('older', 400, 8);
    await step('newest', 400, 1);
    const { left, freed } = await prune({ maxSize: 900 });
    assert.deepEqual([left, freed], [800, 400]);
    assert.deepEqual([...records.keys()], ['older', 'newest']);
  });

  it('takes everything when that is said', async () => {
    const kept = await keptImage(1);
    await step('run make', 500, 1);
    const { left } = await prune({ all: true });
    assert.equal(left, 0);
    assert.ok(!kept.some(here));
    assert.deepEqual(await (await openKeptImages(store)).list(), []);
    assert.deepEqual(readdirSync(store.ingestDir), []);
  });

  it('leaves cache mounts alone, whatever is said', async () => {
    const { uid, gid } = statSync(root);
    const request = {
      id: 'npm',
      name: 'a'.repeat(64),
      sharing: 'shared',
      initial: { owner: { mode: 0o755, uid, gid } },
    } as const;
    const held = await holdCacheMount(store, request, AbortSignal.timeout(10_000));
    writeFileSync(join(held.dir, 'kept'), '');
    held.release();
    await prune({ all: true });
    await prune({ maxSize: 0, olderThan: 0 });
    assert.ok(existsSync(join(held.dir, 'kept')));
  });

  it('leaves what a running build has asked for', async () => {
    await using _scratch = openScratch(store);
    const used = await blob('used', 600, 50);
    const unused = await blob('unused', 600, 50);
    assert.ok(store.has({ digest: used, size: 600 }));
    await prune({ all: true });
    assert.ok(here(used));
    assert.ok(!here(unused));
  });

  it('leaves what a build has asked for that somebody else used just before it began', async () => {
    const used = await blob('used', 600, 0);
    await sleep(30);
    await using _scratch = openScratch(store);
    assert.ok(store.has({ digest: used, size: 600 }));
    await prune({ all: true });
    assert.ok(here(used));
  });
});

describe('kept images', () => {
  it('stay as long as somebody reads them', async () => {
    const [, , manifest] = await keptImage(50);
    const open = await openKeptImage(store.dir, 'app:1');
    await prune({ all: true, olderThan: day });
    const { descriptor } = await open.find('app:1');
    assert.equal(descriptor.digest, manifest);
    const { manifests, blobs } = await collectContent(descriptor, open);
    assert.equal(manifests.length, 1);
    for (const each of blobs) for await (const chunk of open.blob(each)) assert.ok(chunk.length > 0);
    await open.close();
    await prune({ all: true });
    await assert.rejects(openKeptImage(store.dir, 'app:1'), { code: 'E_IMAGE_UNKNOWN' });
    assert.deepEqual(readdirSync(store.scratchDir), []);
  });

  it('are found by name and by digest, and replaced', async () => {
    const [, , manifest] = await keptImage(1);
    const images = await openKeptImages(store);
    assert.equal((await images.find('app:1')).descriptor.digest, manifest);
    assert.equal((await images.find(manifest ?? '')).descriptor.digest, manifest);
    await assert.rejects(images.find('none'), { code: 'E_IMAGE_UNKNOWN' });
    const other = await builtSample({ layers: [{ file: 'y' }] });
    await images.keep(other.images, ['docker.io/library/app:1']);
    assert.equal((await images.find('app:1')).descriptor.digest, other.images.images[0].manifestDescriptor.digest);
    assert.equal((await images.find('app:2')).descriptor.digest, manifest);
    assert.equal(await images.remove('app:2'), true);
    assert.equal((await images.list()).length, 1);
  });

  it('are kept by several processes at once', async () => {
    const script = fileURLToPath(new URL('./keeping-process.js', import.meta.url));
    const children = ['a', 'b', 'c'].map(name => fork(script, [store.dir, name, '8']));
    const exits = await Promise.all(children.map(child => once(child, 'exit')));
    assert.deepEqual(
      exits.map(([code]) => code),
      [0, 0, 0],
    );
    assert.equal((await (await openKeptImages(store)).list()).length, 24);
  });
});
