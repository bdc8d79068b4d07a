import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exportCacheMount, importCacheMount, listCacheMounts, removeCacheMount } from '../src/inspect/cache-mounts.js';
import { cacheMountName } from '../src/key/cache-mount.js';
import { type CacheMountRequest, type HeldCacheMount, holdCacheMount } from '../src/store/cache-mounts.js';
import { openStore } from '../src/store/store.js';
import { failure } from './planning-support.js';

const base = mkdtempSync(join(tmpdir(), 'varve-cache-mounts-'));
after(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const freshStore = () => openStore(join(base, String(count++)));
const signal = AbortSignal.timeout(60_000);
const { uid, gid } = statSync(base);
const owner = { mode: 0o755, uid, gid };
const request = (sharing: CacheMountRequest['sharing'], id = 'npm'): CacheMountRequest => ({
  id,
  name: cacheMountName(id, owner),
  sharing,
  initial: { owner },
});

describe('a cache mount', () => {
  it('is made with its owner and mode, and is there the next time', async () => {
    const store = freshStore();
    const first = await holdCacheMount(
      store,
      { ...request('shared'), initial: { owner: { ...owner, mode: 0o1750 } } },
      signal,
    );
    assert.equal(statSync(first.dir).mode & 0o7777, 0o1750);
    writeFileSync(join(first.dir, 'x'), 'kept');
    first.release();
    const second = await holdCacheMount(store, request('locked'), signal);
    assert.equal(readFileSync(join(second.dir, 'x'), 'utf8'), 'kept');
    second.release();
  });

  it('begins with a folder that is given, once', async () => {
    const store = freshStore();
    const given = (text: string): string => {
      const dir = join(base, `given-${count++}`);
      mkdirSync(dir);
      writeFileSync(join(dir, 'x'), text);
      return dir;
    };
    const hold = (text: string) =>
      holdCacheMount(store, { ...request('shared'), initial: { dir: given(text) } }, signal);
    for (const text of ['first', 'second']) {
      const held = await hold(text);
      assert.equal(readFileSync(join(held.dir, 'x'), 'utf8'), 'first');
      held.release();
    }
  });

  it('shared: all at once in one folder', async () => {
    const store = freshStore();
    const held = await Promise.all([1, 2, 3].map(() => holdCacheMount(store, request('shared'), signal)));
    assert.equal(new Set(held.map(({ dir }) => dir)).size, 1);
    for (const one of held) one.release();
  });

  it('private: each in a folder of its own, which serve again', async () => {
    const store = freshStore();
    const held = await Promise.all([1, 2].map(() => holdCacheMount(store, request('private'), signal)));
    const dirs = held.map(({ dir }) => dir).sort();
    assert.equal(new Set(dirs).size, 2);
    for (const one of held) one.release();
    const again = await Promise.all([1, 2].map(() => holdCacheMount(store, request('private'), signal)));
    assert.deepEqual(again.map(({ dir }) => dir).sort(), dirs);
    for (const one of again) one.release();
  });

  it('locked: one after the other', async () => {
    const store = freshStore();
    const first = await holdCacheMount(store, request('locked'), signal);
    const order: string[] = [];
    const waiting = holdCacheMount(store, request('locked'), signal).then(held => {
      order.push('second');
      return held;
    });
    await new Promise(resolve => setTimeout(resolve, 150));
    order.push('first ends');
    first.release();
    const second = await waiting;
    assert.deepEqual(order, ['first ends', 'second']);
    assert.equal(second.dir, first.dir);
    second.release();
  });

  it('a wait for a lock ends with the build', async () => {
    const store = freshStore();
    const held = await holdCacheMount(store, request('locked'), signal);
    await assert.rejects(holdCacheMount(store, request('locked'), AbortSignal.timeout(100)), {
      name: /AbortError|TimeoutError/,
    });
    held.release();
  });

  it('is free again once the process that held it was killed', async () => {
    const store = freshStore();
    const program = fileURLToPath(new URL('./holding-process.js', import.meta.url));
    const child = spawn(process.execPath, [program, store.dir, 'npm'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await assert.rejects(holdCacheMount(store, request('locked'), AbortSignal.timeout(100)));
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const held = await holdCacheMount(store, request('locked'), AbortSignal.timeout(10_000));
    assert.equal(readFileSync(join(held.dir, 'by'), 'utf8'), 'child');
    held.release();
  });
});

describe('varve cache mounts', () => {
  async function filled(dir: string): Promise<void> {
    const held: HeldCacheMount = await holdCacheMount(openStore(dir), request('shared'), signal);
    mkdirSync(join(held.dir, 'sub'));
    writeFileSync(join(held.dir, 'sub/f'), 'content', { mode: 0o640 });
    held.release();
  }

  for (const name of ['cache.tar', 'cache.tgz'])
    it(`takes a cache to another store by ${name}`, async () => {
      const [from, to] = [freshStore().dir, freshStore().dir];
      await filled(from);
      const file = join(base, name);
      await exportCacheMount(from, 'npm', file);
      const row = await importCacheMount(to, 'npm', file);
      assert.equal(row.name, request('shared').name);
      const held = await holdCacheMount(openStore(to), request('shared'), signal);
      assert.equal(readFileSync(join(held.dir, 'sub/f'), 'utf8'), 'content');
      assert.equal(statSync(join(held.dir, 'sub/f')).mode & 0o777, 0o640);
      held.release();
      assert.deepEqual(
        (await listCacheMounts(to)).map(({ id, size, inUse }) => ({ id, size, inUse })),
        [{ id: 'npm', size: 7, inUse: false }],
      );
    });

  it('takes names along that mean something in a layer', async () => {
    const [from, to] = [freshStore().dir, freshStore().dir];
    const held = await holdCacheMount(openStore(from), request('shared'), signal);
    for (const name of ['.wh.gone', '.wh..wh..opq']) writeFileSync(join(held.dir, name), name);
    held.release();
    const file = join(base, 'marks.tar');
    await exportCacheMount(from, 'npm', file);
    await importCacheMount(to, 'npm', file);
    const again = await holdCacheMount(openStore(to), request('shared'), signal);
    assert.deepEqual(readdirSync(again.dir).sort(), ['.wh..wh..opq', '.wh.gone']);
    again.release();
  });

  it('puts what is imported in the place of what is there', async () => {
    const { dir } = freshStore();
    await filled(dir);
    const file = join(base, 'again.tar');
    await exportCacheMount(dir, 'npm', file);
    const held = await holdCacheMount(openStore(dir), request('shared'), signal);
    writeFileSync(join(held.dir, 'more'), '');
    held.release();
    await importCacheMount(dir, 'npm', file);
    const again = await holdCacheMount(openStore(dir), request('shared'), signal);
    assert.deepEqual(readdirSync(again.dir), ['sub']);
    again.release();
  });

  it('leaves one that is in use alone, and says which there are', async () => {
    const { dir } = freshStore();
    await filled(dir);
    const held = await holdCacheMount(openStore(dir), request('shared'), signal);
    assert.equal((await listCacheMounts(dir))[0]?.inUse, true);
    const file = join(base, 'busy.tar');
    await assert.rejects(exportCacheMount(dir, 'npm', file), failure('E_CACHE_MOUNT_BUSY'));
    await assert.rejects(removeCacheMount(dir, 'npm'), failure('E_CACHE_MOUNT_BUSY'));
    held.release();
    await removeCacheMount(dir, 'npm');
    assert.deepEqual(await listCacheMounts(dir), []);
    await filled(dir);
    await assert.rejects(removeCacheMount(dir, 'nmp'), failure('E_CACHE_MOUNT_UNKNOWN', undefined, /npm/));
  });

  it('imports nothing of a file that is no archive', async () => {
    const { dir } = freshStore();
    const file = join(base, 'text');
    writeFileSync(file, 'x'.repeat(2000));
    await assert.rejects(importCacheMount(dir, 'npm', file), failure('E_ARCHIVE_INVALID'));
    assert.deepEqual(readdirSync(join(dir, 'state/cache-mounts')), []);
  });
});
