import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CachedStep, CacheKey, KeyRecord } from '../src/model/key.js';
import type { Bytes, LayerCache, StepToSave } from '../src/plugin/index.js';
import { CacheStack } from '../src/providers/cache-stack.js';
import { layerNamed } from './planning-support.js';

const signal = new AbortController().signal;
const created = '2026-01-01T00:00:00Z';
const record: KeyRecord = { version: 1, kind: 'run', fields: {} };
const key = (name: string): CacheKey => name as CacheKey;
const step = (layer: string | null): CachedStep => ({
  layer: layer === null ? null : layerNamed(layer),
  compressor: '',
  created,
});
const toSave = (name: string): StepToSave => ({ key: key(name), record, step: step(name), blob: () => bytes(name) });

async function* bytes(text: string): Bytes {
  yield Buffer.from(text);
}

/** A cache in memory that keeps a diary. */
class MemoryCache implements LayerCache {
  readonly known: Map<string, CachedStep>;
  readonly asked: (readonly string[])[] = [];
  readonly saved: string[] = [];
  closed = false;

  constructor(known: Readonly<Record<string, CachedStep>> = {}) {
    this.known = new Map(Object.entries(known));
  }

  findMany(keys: readonly CacheKey[]): Promise<readonly (CachedStep | undefined)[]> {
    this.asked.push(keys);
    return Promise.resolve(keys.map(name => this.known.get(name)));
  }
  open(): Promise<Bytes | undefined> {
    return Promise.resolve(bytes('blob'));
  }
  save(saved: StepToSave): Promise<'stored' | 'declined'> {
    this.saved.push(saved.key);
    return Promise.resolve('stored');
  }
  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

function stackOf(caches: Readonly<Record<string, LayerCache>>, options: { shared?: boolean; here?: string[] } = {}) {
  const warnings: string[] = [];
  const here = new Set(options.here?.map(name => layerNamed(name).descriptor.digest));
  const stacked = Object.entries(caches).map(([name, cache]) => ({ name, cache, shared: options.shared ?? true }));
  const stack = new CacheStack(stacked, {
    warn: (name, error) => void warnings.push(`${name}: ${error.message}`),
    here: layer => here.has(layer.descriptor.digest),
  });
  const find = async (...names: string[]): Promise<readonly (string | undefined)[]> =>
    (await stack.findMany(names.map(key), signal)).map(hit => hit?.by);
  return { stack, warnings, find };
}

describe('a stack of caches', () => {
  it('asks each cache only for what those before it miss, and none for nothing', async () => {
    const [first, second, third] = [
      new MemoryCache({ a: step('a'), c: step('c') }),
      new MemoryCache({ a: step('other'), b: step('b'), d: step(null) }),
      new MemoryCache(),
    ];
    const { find } = stackOf({ first, second, third });
    assert.deepEqual(await find('a', 'b', 'c', 'd'), ['first', 'second', 'first', 'second']);
    assert.deepEqual(first.asked, [['a', 'b', 'c', 'd']]);
    assert.deepEqual(second.asked, [['b', 'd']]);
    assert.deepEqual(third.asked, []);
    assert.deepEqual(await find('e'), [undefined]);
    assert.deepEqual(third.asked, [['e']]);
  });

  it('does not believe a cache of this machine whose blob is gone, and asks the next', async () => {
    const local = new MemoryCache({ here: step('here'), gone: step('gone'), empty: step(null) });
    const { find } = stackOf({ local }, { shared: false, here: ['here'] });
    assert.deepEqual(await find('here', 'gone', 'empty'), ['local', undefined, 'local']);
    const two = { local, next: new MemoryCache({ gone: step('gone') }) };
    assert.deepEqual(await stackOf(two, { shared: false, here: ['here', 'gone'] }).find('gone'), ['local']);
  });

  it('leaves out a cache that throws, with one warning, and goes on', async () => {
    const broken = new MemoryCache();
    broken.findMany = () => Promise.reject(new Error('disk on fire'));
    const second = new MemoryCache({ a: step('a') });
    const { stack, warnings, find } = stackOf({ broken, second });
    assert.deepEqual(await find('a', 'b'), ['second', undefined]);
    assert.deepEqual(await find('a'), ['second']);
    stack.save(toSave('x'), signal);
    assert.equal(await stack.open('broken', layerNamed('a').descriptor, signal), undefined);
    await stack.close();
    assert.deepEqual(warnings, ['broken: disk on fire']);
    assert.deepEqual(broken.saved, []);
    assert.deepEqual(second.saved, ['x']);
    assert.equal(second.closed, true);
  });

  it('leaves out a cache that throws while it saves or before it returns a promise', async () => {
    const broken = new MemoryCache({ a: step('a') });
    broken.save = () => {
      throw new Error('read-only');
    };
    const { stack, warnings, find } = stackOf({ broken });
    stack.save(toSave('x'), signal);
    stack.save(toSave('y'), signal);
    await stack.settle();
    assert.deepEqual(warnings, ['broken: read-only']);
    assert.deepEqual(await find('a'), [undefined]);
  });

  it('takes a cancelled build for no fault of a cache', async () => {
    const abort = new AbortController();
    const cache = new MemoryCache();
    cache.findMany = () => {
      abort.abort();
      return Promise.reject(abort.signal.reason);
    };
    const { stack, warnings } = stackOf({ cache });
    assert.deepEqual(await stack.findMany([key('a')], abort.signal), [undefined]);
    assert.deepEqual(warnings, []);
  });

  it('bears with answers that are too short or too long', async () => {
    const odd = new MemoryCache();
    odd.findMany = () => Promise.resolve([undefined, step('b'), step('c'), step('d')]);
    assert.deepEqual(await stackOf({ odd }).find('a', 'b'), [undefined, 'odd']);
    odd.findMany = () => Promise.resolve([]);
    assert.deepEqual(await stackOf({ odd }).find('a', 'b'), [undefined, undefined]);
  });

  it('saves to all, and waits for that when it is closed', async () => {
    const [first, second] = [new MemoryCache(), new MemoryCache()];
    let finish = (): void => undefined;
    const slow = new MemoryCache();
    slow.save = saved =>
      new Promise(resolve => {
        finish = () => {
          slow.saved.push(saved.key);
          resolve('stored');
        };
      });
    const { stack } = stackOf({ first, second, slow });
    stack.save(toSave('x'), signal);
    const closing = stack.close();
    assert.equal(slow.closed, false);
    finish();
    await closing;
    assert.deepEqual([first.saved, second.saved, slow.saved], [['x'], ['x'], ['x']]);
    assert.equal(slow.closed, true);
  });

  it('that is not to be asked saves all the same', async () => {
    const cache = new MemoryCache({ a: step('a') });
    const { stack, find } = stackOf({ cache });
    stack.stopAsking();
    assert.deepEqual(await find('a'), [undefined]);
    assert.deepEqual(cache.asked, []);
    stack.save(toSave('b'), signal);
    await stack.settle();
    assert.deepEqual(cache.saved, ['b']);
  });

  it('passes what one cache knew to those that want to be complete, and at the end to this machine if the blob is here', async () => {
    const source = new MemoryCache();
    const local = new MemoryCache();
    const incomplete = new MemoryCache();
    const complete = Object.assign(new MemoryCache(), { isComplete: true });
    const stacked = Object.entries({ source, local, incomplete, complete }).map(([name, cache]) => ({
      name,
      cache,
      shared: name !== 'local',
    }));
    const arrived = new Set<string>();
    const stack = new CacheStack(stacked, {
      warn: (_, error) => assert.fail(error),
      here: layer => arrived.has(layer.descriptor.digest),
    });
    for (const name of ['arrives', 'stays away']) stack.pass(toSave(name), 'source', signal);
    stack.pass({ ...toSave('empty'), step: step(null) }, 'source', signal);
    await stack.settle();
    assert.deepEqual([complete.saved, local.saved], [['arrives', 'stays away', 'empty'], []]);
    arrived.add(layerNamed('arrives').descriptor.digest);
    await stack.close();
    assert.deepEqual(local.saved, ['arrives', 'empty']);
    assert.deepEqual([source.saved, incomplete.saved], [[], []]);
  });

  it('tells several caches of one kind apart', async () => {
    const far = Object.assign(new MemoryCache({ b: step('b') }), { repository: { registry: 'r.io', name: 'far' } });
    far.open = () => Promise.resolve(bytes('far'));
    const near = Object.assign(new MemoryCache({ a: step('a') }), { repository: { registry: 'r.io', name: 'near' } });
    const { stack, find } = stackOf({ registry: near, 'registry 2': far });
    assert.deepEqual(await find('a', 'b'), ['registry', 'registry 2']);
    const opened: string[] = [];
    for (const name of ['registry', 'registry 2'])
      for await (const chunk of (await stack.open(name, layerNamed('x').descriptor, signal)) ?? [])
        opened.push(Buffer.from(chunk).toString());
    assert.deepEqual(opened, ['blob', 'far']);
    assert.deepEqual(stack.repositoryOf('registry 2'), { registry: 'r.io', name: 'far' });
  });

  it('takes no word for a layer that was lost, until it is in the store', async () => {
    const cache = new MemoryCache({ a: step('a'), b: step('b') });
    const here = new Set<string>();
    const stack = new CacheStack([{ name: 'cache', cache, shared: true }], {
      warn: (_, error) => assert.fail(error),
      here: layer => here.has(layer.descriptor.digest),
    });
    const { digest } = layerNamed('a').descriptor;
    const found = async () => (await stack.findMany([key('a'), key('b')], signal)).map(hit => hit?.by);
    assert.deepEqual(await found(), ['cache', 'cache']);
    assert.equal(stack.lose(digest), true);
    assert.deepEqual(await found(), [undefined, 'cache']);
    assert.equal(stack.lose(digest), false);
    here.add(digest);
    assert.deepEqual(await found(), ['cache', 'cache']);
  });

  it('opens a blob from the cache that named it', async () => {
    const { stack } = stackOf({ first: new MemoryCache() });
    assert.notEqual(await stack.open('first', layerNamed('a').descriptor, signal), undefined);
    assert.equal(await stack.open('unknown', layerNamed('a').descriptor, signal), undefined);
  });

  it('explains misses from the first cache that remembers places', async () => {
    const forgetful = new MemoryCache();
    const remembering = Object.assign(new MemoryCache(), {
      recordsAt: (places: readonly string[]) => Promise.resolve(places.map(() => [record])),
    });
    assert.deepEqual(await stackOf({ forgetful, remembering }).stack.recordsAt(['p']), [[record]]);
    assert.deepEqual(await stackOf({ forgetful }).stack.recordsAt(['p', 'q']), [[], []]);
  });
});
