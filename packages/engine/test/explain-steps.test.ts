import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainBuild } from '../src/look-ahead.js';
import { pluginSource, Workshop } from './build-support.js';

const cached = { caches: [{ id: 'notes', options: {} }], plugins: [{ module: './plugin.mjs', options: {} }] };
const text = 'FROM scratch AS one\nCOPY a.txt /\nCOPY b.txt /\nFROM scratch\nCOPY b.txt /c\nWORKDIR /w\n';

function shopWithCache(): Workshop {
  return new Workshop({ 'context/a.txt': 'A', 'context/b.txt': 'B', 'plugin.mjs': pluginSource });
}

/** Of each step that is missed the fields that differ; `never` where nothing is known of it. */
async function missed(shop: Workshop, dockerfile: string): Promise<Readonly<Record<string, string>>> {
  shop.write({ Dockerfile: dockerfile });
  const steps = await explainBuild(shop.options(cached));
  return Object.fromEntries(
    steps.flatMap(({ action, label, differences }) =>
      action === 'run' ? [[label, differences?.map(({ field }) => field).join(' ') ?? 'never']] : [],
    ),
  );
}

describe('a step that is not cached', () => {
  it('is compared with what it was before its line was edited', async () => {
    const shop = shopWithCache();
    await shop.build(text, cached);
    assert.deepEqual(await missed(shop, text), {});
    assert.deepEqual(await missed(shop, text.replace('/w\n', '/other\n')), { '[stage-1 2/2] WORKDIR /other': 'dir' });
  });

  it('is found again where lines above it came, and is not another instruction', async () => {
    const shop = shopWithCache();
    await shop.build(text, cached);
    assert.deepEqual(await missed(shop, text.replace('COPY b.txt /c', 'WORKDIR /new\nCOPY b.txt /c')), {
      '[stage-1 1/3] WORKDIR /new': 'never',
      '[stage-1 2/3] COPY b.txt /c': 'files',
      '[stage-1 3/3] WORKDIR /w': 'files',
    });
  });

  it('is compared with the nearest of what it was', async () => {
    const shop = shopWithCache();
    const build = (more: string): Promise<unknown> => shop.build(`FROM scratch\n${more}COPY a.txt /\n`, cached);
    await build('');
    await build('WORKDIR /x\n');
    await shop.build('FROM scratch\nWORKDIR /x\nCOPY a.txt /\n', { ...cached, env: { SOURCE_DATE_EPOCH: '1' } });
    shop.write({ 'context/a.txt': 'other' });
    // Last it was over another base and with another time.
    assert.deepEqual(await missed(shop, 'FROM scratch\nCOPY a.txt /\n'), { '[1/1] COPY a.txt /': 'sources' });
  });

  it('of another Dockerfile is another one', async () => {
    const shop = shopWithCache();
    await shop.build(text, cached);
    shop.write({ 'context/a.txt': 'other', 'other/Dockerfile': 'FROM scratch\nCOPY a.txt /\n' });
    const [step] = await explainBuild({ ...shop.options(cached), file: 'other/Dockerfile' });
    assert.deepEqual([step?.action, step?.differences], ['run', undefined]);
  });
});
