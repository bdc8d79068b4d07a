import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PluginSources } from '../src/model/options.js';
import { type AnyProvider, contractVersion } from '../src/plugin/index.js';
import { compressorFor } from '../src/providers/compressor-for.js';
import { loadPlugin } from '../src/providers/load.js';
import { Providers } from '../src/providers/providers.js';
import { compressorRecord, levelModule, moduleOf, pluginOf } from './plugin-support.js';

const named = (id: string, summary: string): string =>
  pluginOf(`{ name: 'p', version: '1', contract: '^1', provides: [${compressorRecord(id, summary)}] }`);

const leveled = levelModule.create(levelModule.parseOptions({})).provides as readonly AnyProvider[];
const plain = { ...(leveled[0] as AnyProvider), id: 'plain', summary: 'built in' } as AnyProvider;

function providers(sources: Partial<PluginSources> = {}): Providers {
  const builtIn = { providers: [...leveled, plain], modules: [levelModule] };
  return new Providers(builtIn, { named: [], bundled: [], ...sources });
}

const bundled = (id: string, summary: string) => ({
  url: named(id, summary),
  provides: [{ slot: 'compressor', id }],
});

describe('a provider', () => {
  const summary = async (from: Providers, id: string, options = {}): Promise<string> =>
    (await from.get('compressor', { id, options })).summary;

  it("is the operator's before the front end's before the built-in one", async () => {
    const operators = { named: [{ url: named('plain', "'named'"), options: {} }] };
    const front = { bundled: [bundled('plain', "'bundled'")] };
    assert.equal(await summary(providers(), 'plain'), 'built in');
    assert.equal(await summary(providers(front), 'plain'), 'bundled');
    assert.equal(await summary(providers({ ...front, ...operators }), 'plain'), 'named');
    const all = await providers({ ...front, ...operators }).all('compressor');
    assert.deepEqual(Object.fromEntries(all.map(({ id, summary: text }) => [id, text])), {
      plain: 'named',
      leveled: 'built in, level default',
    });
    assert.equal(all.length, 2);
  });

  it('gets the options of its plugin and those that were given with its own name, which win', async () => {
    const url = named('mine', 'JSON.stringify(options)');
    const from = providers({ named: [{ url, options: { a: '1', b: '2' } }] });
    assert.deepEqual(JSON.parse(await summary(from, 'mine')), { a: '1', b: '2' });
    assert.deepEqual(JSON.parse(await summary(from, 'mine', { b: '3' })), { a: '1', b: '3' });
    const front = providers({ bundled: [bundled('mine', 'JSON.stringify(options)')] });
    assert.deepEqual(JSON.parse(await summary(front, 'mine', { c: '4' })), { c: '4' });
  });

  it('that is built in takes the options that it knows, and no others', async () => {
    assert.equal(await summary(providers(), 'leveled', { level: '9' }), 'built in, level 9');
    await assert.rejects(summary(providers(), 'leveled', { lvl: '9' }), { code: 'E_PLUGIN_OPTIONS' });
    await assert.rejects(summary(providers(), 'plain', { level: '9' }), {
      code: 'E_PLUGIN_OPTIONS',
      message: /takes no options, but was given level/,
    });
  });

  it('that does not exist is an error with the nearest name', async () => {
    await assert.rejects(summary(providers(), 'plian'), { code: 'E_NO_PROVIDER', hint: 'did you mean "plain"?' });
    await assert.rejects(summary(providers(), 'zzzzzz'), { code: 'E_NO_PROVIDER', hint: 'known: leveled, plain' });
    await assert.rejects(providers().get('exporter', { id: 'plain', options: {} }), { code: 'E_NO_PROVIDER' });
  });

  it('of the front end is not loaded until it is asked for', async () => {
    const broken = { url: moduleOf('throw new Error("loaded")'), provides: [{ slot: 'cache', id: 'broken' }] };
    const from = providers({ bundled: [broken] });
    assert.equal(await summary(from, 'plain'), 'built in');
    assert.equal((await from.all('compressor')).length, 2);
    assert.deepEqual(await Promise.all(['broken', 'other'].map(id => from.has('cache', id))), [true, false]);
    await assert.rejects(from.get('cache', { id: 'broken', options: {} }), { code: 'E_PLUGIN_LOAD' });
  });

  it('is found by what it can read', async () => {
    const from = providers({ bundled: [bundled('rare', "'bundled'")] });
    const tools = () => ({}) as never;
    assert.deepEqual(await compressorFor(from, 'x/rare', tools), {});
    await assert.rejects(compressorFor(from, 'x/other', tools), { code: 'E_LAYER_UNSUPPORTED', message: /x\/other/ });
  });

  it('that must have options is left out of the list of all', async () => {
    const demanding = moduleOf(
      `export default { parseOptions() { throw Object.assign(new Error('ref is missing'), { code: 'E_PLUGIN_OPTIONS' }); }, create() {} };`,
    );
    const from = providers({ bundled: [{ url: demanding, provides: [{ slot: 'cache', id: 'demanding' }] }] });
    assert.deepEqual(
      (await from.list()).map(({ provider, plugin }) => `${plugin} ${provider.id}`),
      ['built in leveled', 'built in plain'],
    );
    await assert.rejects(from.get('cache', { id: 'demanding', options: {} }), { message: 'ref is missing' });
  });
});

describe('loading', () => {
  const load = (record: string): Promise<unknown> => loadPlugin(pluginOf(record), {});

  it('takes every contract that fits', async () => {
    for (const contract of ['^1.0.0', '1', '*', `>=${contractVersion}`])
      await load(`{ name: 'p', version: '1', contract: '${contract}' }`);
    for (const contract of ['^2.0.0', '0.9', 'nonsense'])
      await assert.rejects(
        load(`{ name: 'p', version: '1', contract: '${contract}' }`),
        { code: 'E_PLUGIN_CONTRACT', message: /the plugin p is made for contract/ },
        contract,
      );
  });

  it('refuses hooks and slots that do not exist, by name', async () => {
    const plugin = (more: string): string => `{ name: 'p', version: '1', contract: '1', ${more} }`;
    await assert.rejects(load(plugin('hooks: { planMad() {} }')), {
      code: 'E_UNKNOWN_HOOK',
      message: /hook "planMad"/,
      hint: /planMade/,
    });
    await assert.rejects(load(plugin(`provides: [{ slot: 'snapshooter', id: 'x' }]`)), {
      code: 'E_UNKNOWN_SLOT',
      message: /"x" for a slot "snapshooter"/,
      hint: /snapshotter/,
    });
    // Not even what every object has.
    await assert.rejects(load(plugin('hooks: { toString() {} }')), { code: 'E_UNKNOWN_HOOK' });
  });

  it('says what is wrong with what is no plugin', async () => {
    for (const [source, message] of [
      ['this is no JavaScript', /cannot be loaded/],
      ['throw new Error("at once")', /at once/],
      ['export const name = 1;', /no parseOptions and create/],
      ['export default { create() {} };', /no parseOptions and create/],
      ['export default { parseOptions() {}, create() { throw new Error("late") } };', /failed to start: late/],
      ['export default { parseOptions() {}, create() {} };', /gave no record/],
      ['export default { parseOptions() {}, async create() { return {} } };', /gave no record/],
    ] as const)
      await assert.rejects(loadPlugin(moduleOf(source), {}), { code: 'E_PLUGIN_LOAD', message }, source);
    await assert.rejects(loadPlugin('file:///nowhere/plugin.js', {}), { code: 'E_PLUGIN_LOAD' });
  });

  it('gives an error of parseOptions its code', async () => {
    const throwing = (code: string): string =>
      moduleOf(
        `export default { parseOptions() { throw Object.assign(new Error('bad level'), ${code}) }, create() {} };`,
      );
    await assert.rejects(loadPlugin(throwing(`{ code: 'E_PLUGIN_OPTIONS' }`), {}), { message: 'bad level' });
    await assert.rejects(loadPlugin(throwing('{}'), {}), { code: 'E_PLUGIN_OPTIONS', message: /bad level/ });
  });
});
