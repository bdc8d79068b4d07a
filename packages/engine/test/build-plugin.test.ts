import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { BuildOptions } from '../src/model/options.js';
import { pluginSource, Workshop } from './build-support.js';

const outputs = [{ type: 'oci', attributes: { dest: 'out' } }];
const good = 'FROM scratch\nCOPY a.txt /\n';

function shopWithPlugin(): Workshop {
  return new Workshop({ 'context/a.txt': 'A', 'plugin.mjs': pluginSource });
}

function plugin(shop: Workshop, options: Readonly<Record<string, string>> = {}): Pick<BuildOptions, 'plugins'> {
  return { plugins: [{ module: './plugin.mjs', options: { diary: shop.path('diary'), ...options } }] };
}

function diaryOf(shop: Workshop): readonly string[] {
  return readFileSync(shop.path('diary'), 'utf8').trim().split('\n');
}

describe('a plugin of the user', () => {
  it('hears of everything in order, amends the config, and brings an exporter', async () => {
    const shop = shopWithPlugin();
    const result = await shop.build('FROM scratch AS s\nCOPY a.txt /\nCMD x\n', {
      ...plugin(shop),
      tags: ['a.test/b:1'],
      outputs: [{ type: 'digest', attributes: { dest: 'digest.txt' } }],
    });
    const label = '[s 1/1] COPY a.txt /';
    assert.deepEqual(diaryOf(shop), [
      'graphBuilt 1',
      'planMade run,config',
      `beforeStep ${label}`,
      `layerBuilt ${label}`,
      'imageConfig',
      'imageBuilt 1',
      'buildSettled true',
    ]);
    assert.deepEqual(result.images.images[0].config.config?.Labels, { by: 'mine' });
    assert.equal(readFileSync(shop.path('digest.txt'), 'utf8'), `${result.digest} a.test/b:1`);
    assert.deepEqual(result.exports, [{ exporter: 'digest', target: 'digest.txt', digest: result.digest }]);
  });

  it('may refuse a step, and the build tells whose doing it was', async () => {
    const shop = shopWithPlugin();
    await assert.rejects(shop.build(good, { ...plugin(shop, { refuse: 'COPY' }), outputs }), {
      code: 'E_PLUGIN_HOOK',
      message: /the plugin mine refused in beforeStep: I do not like it/,
    });
    assert.equal(diaryOf(shop).at(-1), 'buildSettled false');
    assert.deepEqual(shop.leftovers(), []);
  });

  it('may refuse an image, which is then exported nowhere', async () => {
    const shop = shopWithPlugin();
    await assert.rejects(shop.build(good, { ...plugin(shop, { refuse: 'image' }), outputs, iidFile: 'iid' }), {
      code: 'E_PLUGIN_HOOK',
    });
    assert.equal(existsSync(shop.path('out')), false);
    assert.equal(existsSync(shop.path('iid')), false);
  });

  it('whose exporter refuses its target is heard before anything is done', async () => {
    const shop = shopWithPlugin();
    const digest = [{ type: 'digest', attributes: {} }];
    await assert.rejects(shop.build(good, { ...plugin(shop), outputs: digest }), { code: 'E_OUTPUT_INVALID' });
    assert.deepEqual(diaryOf(shop), ['buildSettled false']);
  });

  it('hears of layers while later ones are made, unless a plugin may still refuse the image', async () => {
    const eager = (hooks: string): string => `import { appendFileSync } from 'node:fs';
export default {
  parseOptions: raw => raw,
  create({ diary }) {
    const note = line => appendFileSync(diary, line + '\\n');
    const digestOf = images => images.images[0].manifestDescriptor.digest;
    const begin = () => ({
      layer: ({ diffId }) => note('layer ' + diffId),
      finish: async images => (note('finish'), [{ target: 'x', digest: digestOf(images) }]),
      stop: async () => note('stop'),
    });
    const exporter = { check() {}, begin, export: async images => [{ target: 'x', digest: digestOf(images) }] };
    const provided = { slot: 'exporter', id: 'eager', summary: '', traits: {}, rank: 0, create: async () => exporter };
    return { name: 'eager', version: '1.0.0', contract: '^1.2.0', provides: [provided],
      hooks: { layerBuilt: (_, { label }) => new Promise(done => setTimeout(done, 50)).then(() => note(label)),
        beforeStep({ label }) { if (label.includes('refused')) throw new Error('no'); }, ${hooks} } };
  },
};`;
    const files = { 'context/a.txt': 'A', 'eager.mjs': eager(''), 'guard.mjs': eager('imageBuilt() {}') };
    const shop = new Workshop(files);
    const build = async (
      text: string,
      more: Partial<BuildOptions>,
      module = './eager.mjs',
    ): Promise<readonly string[]> => {
      rmSync(shop.path('diary'), { force: true });
      const plugins = [{ module, options: { diary: shop.path('diary') } }];
      await shop.build(text, { plugins, outputs: [{ type: 'eager', attributes: {} }], noCache: true, ...more });
      return diaryOf(shop).map(line => line.replace(/sha256:\w+/, 'X'));
    };
    const text = 'FROM scratch\nCOPY a.txt /\nCOPY a.txt /b\n';
    const steps = ['[1/2] COPY a.txt /', '[2/2] COPY a.txt /b'];
    const told = await build(text, {});
    assert.deepEqual(told, ['layer X', steps[0], 'layer X', steps[1], 'finish', 'stop']);
    assert.deepEqual(await build(text, { squash: true }), steps);
    assert.deepEqual(await build(text, {}, './guard.mjs'), steps);
    await assert.rejects(build(`${text}COPY a.txt /refused\n`, {}), { code: 'E_PLUGIN_HOOK' });
    assert.deepEqual(
      diaryOf(shop).map(line => line.replace(/sha256:\w+/, 'X')),
      ['layer X', '[1/3] COPY a.txt /', 'layer X', '[2/3] COPY a.txt /b', 'stop'],
    );
  });

  it('may be what a compiler made of an ES module for CommonJS', async () => {
    const compiled = `Object.defineProperty(exports, '__esModule', { value: true });
const imageConfig = config => ({ ...config, config: { ...config.config, Labels: { by: 'compiled' } } });
exports.default = {
  parseOptions: raw => raw,
  create: () => ({ name: 'compiled', version: '1.0.0', contract: '^1.0.0', hooks: { imageConfig } }),
};`;
    const shop = new Workshop({ 'context/a.txt': 'A', 'compiled.cjs': compiled });
    const result = await shop.build(good, { plugins: [{ module: './compiled.cjs', options: {} }], outputs });
    assert.deepEqual(result.images.images[0].config.config?.Labels, { by: 'compiled' });
  });

  it('whose code fails is named, and not Varve', async () => {
    const exporter = `{ slot: 'exporter', id: 'broken', summary: '', traits: {}, rank: 0,
      create: async () => ({ check() {}, export: async images => [images.nothing.digest] }) }`;
    const plugin = `export default { parseOptions: raw => raw,
      create: () => ({ name: 'broken', version: '1.0.0', contract: '^1.0.0', provides: [${exporter}] }) };`;
    const shop = new Workshop({ 'context/a.txt': 'A', 'broken.mjs': plugin });
    const options = {
      plugins: [{ module: './broken.mjs', options: {} }],
      outputs: [{ type: 'broken', attributes: {} }],
    };
    await assert.rejects(shop.build(good, options), {
      code: 'E_PLUGIN_FAILED',
      message: `the plugin ${shop.path('broken.mjs')} failed: Cannot read properties of undefined (reading 'digest')`,
    });
  });

  it('that is not there is said to be not there', async () => {
    const shop = new Workshop({ 'context/a.txt': 'A' });
    await assert.rejects(shop.build(good, { plugins: [{ module: './none.mjs', options: {} }] }), {
      code: 'E_PLUGIN_LOAD',
      message: `the plugin ${shop.path('none.mjs')} does not exist`,
    });
  });

  it('whose cache lost a blob or its mind does not fail the build', async () => {
    const shop = shopWithPlugin();
    const options = { ...plugin(shop), caches: [{ id: 'notes', options: {} }] };
    const first = await shop.build(good, options);
    rmSync(`${shop.store}/blobs`, { recursive: true });
    const second = await shop.build(good, options);
    assert.deepEqual(shop.outcomes(), ['ran']);
    assert.equal(second.images.images[0].layers[0]?.diffId, first.images.images[0].layers[0]?.diffId);
    writeFileSync(`${shop.store}/state/cache-notes/notes.json`, 'nonsense');
    await shop.build(good, options);
    const warnings = shop.events.flatMap(event => (event.type === 'warning' ? [event.code] : []));
    assert.deepEqual(warnings, ['W_CACHE_OFF']);
  });
});
