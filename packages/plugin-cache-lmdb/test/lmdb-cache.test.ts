import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cacheSuite } from '@varve/engine/testing';
import plugin from '../src/index.js';
import { LmdbCache } from '../src/lmdb-cache.js';
import { keyNumber, saveNumber, stepNumber } from './made-steps.js';

const root = mkdtempSync(join(tmpdir(), 'varve-lmdb-'));
after(() => rmSync(root, { recursive: true, force: true }));

let stateDir: string;
let warnings: string[];
const open = (): LmdbCache => new LmdbCache(stateDir, (code, message) => warnings.push(`${code} ${message}`));
const dataFile = (): string => join(stateDir, 'steps-1', 'data.mdb');

beforeEach(() => {
  stateDir = mkdtempSync(join(root, 'state-'));
  warnings = [];
});

const suiteDir = mkdtempSync(join(root, 'suite-'));
cacheSuite('lmdb', {
  open: async () => new LmdbCache(suiteDir, (code, message) => assert.fail(`${code} ${message}`)),
  keepsBlobs: false,
  shared: false,
});

describe('LMDB cache', () => {
  it('makes nothing on disk for look-ups in an empty store', async () => {
    const cache = open();
    assert.deepEqual(await cache.findMany([keyNumber(1)]), [undefined]);
    assert.deepEqual(await cache.recordsAt(['x']), [[]]);
    await cache.close();
    assert.deepEqual(readdirSync(stateDir), []);
  });

  it('keeps the last four records of a place, newest first, each once', async () => {
    const cache = open();
    for (const n of [1, 2, 3, 4, 5, 4]) await cache.save(saveNumber(n, 'Dockerfile [2/4] RUN make'));
    const [records, none] = await cache.recordsAt(['Dockerfile [2/4] RUN make', 'elsewhere']);
    assert.deepEqual(
      records?.map(record => record.fields.command),
      ['make 4', 'make 5', 'make 3', 'make 2'],
    );
    assert.deepEqual(none, []);
    await cache.close();
  });

  it('lists entries with their place and last use, and forgets them with their records', async () => {
    const cache = open();
    const before = Date.now();
    await cache.save(saveNumber(1, 'a'));
    await cache.save(saveNumber(2, 'a'));
    const entries = await cache.entries();
    assert.deepEqual(
      entries.map(({ key, kind, place }) => [key, kind, place]),
      [
        [keyNumber(1), 'run', 'a'],
        [keyNumber(2), 'run', 'a'],
      ],
    );
    assert.ok(entries.every(({ lastUsed }) => lastUsed >= before && lastUsed <= Date.now()));
    await cache.forget([keyNumber(1)]);
    assert.deepEqual(await cache.findMany([keyNumber(1), keyNumber(2)]), [undefined, stepNumber(2)]);
    assert.deepEqual((await cache.recordsAt(['a']))[0]?.length, 1);
    await cache.forget([keyNumber(2)]);
    assert.deepEqual(await cache.recordsAt(['a']), [[]]);
    await cache.close();
  });

  it('takes writes of several processes at once', async () => {
    const script = fileURLToPath(new URL('./saving-process.js', import.meta.url));
    const children = [0, 100, 200].map(from => fork(script, [stateDir, String(from), '40']));
    const codes = await Promise.all(children.map(child => once(child, 'exit')));
    assert.deepEqual(
      codes.map(([code]) => code),
      [0, 0, 0],
    );
    const cache = open();
    const keys = [0, 100, 200].flatMap(from => Array.from({ length: 40 }, (_, n) => keyNumber(from + n)));
    assert.ok((await cache.findMany(keys)).every(step => step !== undefined));
    await cache.close();
    assert.deepEqual(warnings, []);
  });
});

describe('LMDB cache that is damaged', () => {
  const damages: Record<string, () => void> = {
    'cut to half': () => truncateSync(dataFile(), readFileSync(dataFile()).length >> 1),
    'cut to one page': () => truncateSync(dataFile(), 4096),
    'other bytes in its first pages': () => overwrite(0, 8192, 7),
    'zeros behind its first pages': () => overwrite(8192, undefined, 0),
    'text instead of a database': () => writeFileSync(dataFile(), 'no database at all\n'.repeat(1000)),
  };
  for (const [damage, cause] of Object.entries(damages)) {
    it(`goes on with an empty one: ${damage}`, async () => {
      const whole = open();
      for (let n = 0; n < 100; n++) await whole.save(saveNumber(n));
      await whole.close();
      cause();
      const cache = open();
      assert.deepEqual(await cache.findMany([keyNumber(1)]), [undefined]);
      assert.equal(await cache.save(saveNumber(1)), 'stored');
      assert.deepEqual(await cache.findMany([keyNumber(1)]), [stepNumber(1)]);
      await cache.close();
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', /^W_CACHE_DAMAGED .*was moved to/);
      assert.equal(readdirSync(stateDir).filter(name => name.includes('damaged')).length, 1);
    });
  }

  it('misses where a single value is not what it should be', async () => {
    const cache = open();
    await cache.save({ ...saveNumber(1), step: stepNumber(1) });
    await cache.close();
    const { open: openLmdb } = await import('lmdb');
    const db = openLmdb({ path: join(stateDir, 'steps-1'), encoding: 'json', maxDbs: 4 });
    await db.openDB({ name: 'steps', encoding: 'json' }).put(keyNumber(1), { step: { layer: {} }, used: 'x' });
    await db.close();
    const again = open();
    assert.deepEqual(await again.findMany([keyNumber(1)]), [undefined]);
    await again.close();
    assert.deepEqual(warnings, []);
  });

  function overwrite(from: number, to: number | undefined, value: number): void {
    const bytes = readFileSync(dataFile());
    bytes.fill(value, from, to ?? bytes.length);
    writeFileSync(dataFile(), bytes);
  }
});

describe('LMDB cache plugin', () => {
  it('refuses options, naming all of them', () => {
    assert.throws(() => plugin.parseOptions({ ref: 'x', ttl: '1' }), {
      code: 'E_PLUGIN_OPTIONS',
      message: 'the cache lmdb has no option ref, ttl',
    });
    assert.deepEqual(plugin.parseOptions({}), {});
  });

  it('provides a cache that keeps its data in the folder lent to it', async () => {
    const [provider] = plugin.create({}).provides ?? [];
    assert.ok(provider?.slot === 'cache' && provider.id === 'lmdb');
    const host = { has: () => Promise.resolve({ usable: true } as const) };
    const cache = await provider.create({ stateDir, host, env: {}, warn: () => assert.fail('nothing to warn of') });
    assert.equal(await cache.save(saveNumber(1), AbortSignal.timeout(10_000)), 'stored');
    await cache.close();
    assert.ok(existsSync(dataFile()));
  });
});
