import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BuildEvent } from '../src/model/event.js';
import { pluginSource, Workshop } from './build-support.js';

const cached = { caches: [{ id: 'notes', options: {} }], plugins: [{ module: './plugin.mjs', options: {} }] };
const text = 'FROM scratch\nCOPY a.txt /\nCOPY dir /dir\nCOPY a.txt /again\n';

function shopWithCache(): Workshop {
  return new Workshop({ 'context/a.txt': 'A', 'context/dir/b.txt': 'B', 'plugin.mjs': pluginSource });
}

describe('a build again', () => {
  it('runs nothing, and gives the same image', async () => {
    const shop = shopWithCache();
    const stages = 'FROM scratch AS files\nCOPY a.txt /\nFROM scratch\nCOPY --from=files / /f/\nWORKDIR /w\nCMD x\n';
    const first = await shop.build(stages, cached);
    assert.deepEqual(shop.outcomes(), ['ran', 'ran', 'ran']);
    const second = await shop.build(stages, cached);
    assert.equal(second.digest, first.digest);
    // The stage that was copied from is not even looked at.
    assert.deepEqual(shop.outcomes(), ['cached', 'cached']);
    const planned = shop.events.find((event): event is BuildEvent & { type: 'planned' } => event.type === 'planned');
    assert.deepEqual(
      planned?.steps.map(({ action }) => action),
      ['skip', 'reuse', 'reuse', 'config'],
    );
  });

  it('runs what changed and what comes behind it', async () => {
    const shop = shopWithCache();
    const first = await shop.build(text, cached);
    shop.write({ 'context/dir/b.txt': 'changed' });
    const second = await shop.build(text, cached);
    assert.deepEqual(shop.outcomes(), ['cached', 'ran', 'ran']);
    assert.notEqual(second.digest, first.digest);
    assert.equal(second.images.images[0].layers[0]?.diffId, first.images.images[0].layers[0]?.diffId);
  });

  it('with --no-cache runs everything, and remembers it', async () => {
    const shop = shopWithCache();
    await shop.build(text, { ...cached, noCache: true });
    await shop.build(text, { ...cached, noCache: true });
    assert.deepEqual(shop.outcomes(), ['ran', 'ran', 'ran']);
    await shop.build(text, cached);
    assert.deepEqual(shop.outcomes(), ['cached', 'cached', 'cached']);
  });

  it('without the compressor that wrote what is cached runs the step after all', async () => {
    const compressor = `{ slot: 'compressor', id: 'odd', summary: '', rank: 0, traits: { mediaTypes: ['application/odd'] },
      create: async () => ({ mediaType: 'application/odd', fingerprint: 'odd', compress: tar => tar, decompress: blob => blob }) }`;
    const shop = shopWithCache();
    shop.write({
      'odd.mjs': `export default { parseOptions: raw => raw,
        create: () => ({ name: 'odd', version: '1.0.0', contract: '^1.0.0', provides: [${compressor}] }) };`,
    });
    const odd = [...cached.plugins, { module: './odd.mjs', options: {} }];
    await shop.build(text, { ...cached, plugins: odd, compression: { id: 'odd', options: {} } });
    const plain = await shop.build(text, cached);
    assert.deepEqual(shop.outcomes().slice(-3), ['ran', 'ran', 'ran']);
    const warnings = shop.events.flatMap(event => (event.type === 'warning' ? [event.code] : []));
    assert.deepEqual(warnings, ['W_CACHE_LOST']);
    const anew = await shop.build(text, { ...cached, noCache: true });
    const [layers, expected] = [plain, anew].map(({ images }) => images.images[0].layers);
    assert.deepEqual(layers, expected);
  });

  it('with another compression has the same files in other blobs', async () => {
    const shop = shopWithCache();
    const [first] = (await shop.build('FROM scratch\nCOPY a.txt /\n', cached)).images.images;
    const none = { ...cached, compression: { id: 'none', options: {} } };
    const [second] = (await shop.build('FROM scratch\nCOPY a.txt /\n', none)).images.images;
    assert.deepEqual(shop.outcomes(), ['cached']);
    const [before, after] = [first.layers[0], second.layers[0]];
    assert.equal(after?.diffId, before?.diffId);
    assert.equal(after?.descriptor.digest, after?.diffId);
    assert.notEqual(after?.descriptor.digest, before?.descriptor.digest);
  });
});
