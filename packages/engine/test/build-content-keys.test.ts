import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BuildEvent } from '../src/model/event.js';
import { pluginSource, Workshop } from './build-support.js';

const cached = { caches: [{ id: 'notes', options: {} }], plugins: [{ module: './plugin.mjs', options: {} }] };

function shopWithCache(): Workshop {
  return new Workshop({ 'context/a.txt': 'A', 'context/dir/b.txt': 'B', 'plugin.mjs': pluginSource });
}

/** What became of each step, by what its label says after the bracket. */
function outcomes(shop: Workshop): readonly string[] {
  return shop.events
    .filter((event): event is BuildEvent & { type: 'stepFinished' } => event.type === 'stepFinished')
    .map(({ label, result }) => `${label.replace(/^\[.*?\] /, '')}: ${result.kind}`);
}

describe('a copy from a stage that was built anew', () => {
  const text = `FROM scratch AS files
COPY . /
FROM scratch
COPY --from=files /a.txt /x/
COPY a.txt /above
WORKDIR /w
`;

  it('is cached where the files are the same, and so is what comes above it, now and in the next build', async () => {
    const shop = shopWithCache();
    const first = await shop.build(text, cached);
    shop.write({ 'context/dir/b.txt': 'changed' });
    const second = await shop.build(text, cached);
    assert.deepEqual(outcomes(shop), [
      'COPY . /: ran',
      'COPY --from=files /a.txt /x/: cached',
      'COPY a.txt /above: cached',
      'WORKDIR /w: cached',
    ]);
    assert.equal(second.digest, first.digest);
    const third = await shop.build(text, cached);
    assert.deepEqual(outcomes(shop), [
      'COPY --from=files /a.txt /x/: cached',
      'COPY a.txt /above: cached',
      'WORKDIR /w: cached',
    ]);
    assert.equal(third.digest, first.digest);
    shop.write({ 'context/dir/b.txt': 'changed again' });
    assert.equal((await shop.build(text, cached)).digest, first.digest);
    assert.equal(outcomes(shop).filter(line => line.endsWith('ran')).length, 1);
  });

  it('is made where a file differs', async () => {
    const shop = shopWithCache();
    const first = await shop.build(text, cached);
    shop.write({ 'context/a.txt': 'B' });
    const second = await shop.build(text, cached);
    assert.ok(outcomes(shop).every(line => line.endsWith('ran')));
    assert.notEqual(second.digest, first.digest);
  });

  it('is made where only an owner differs, or the destination', async () => {
    const owned = (owner: string, to: string): string =>
      `FROM scratch AS files\nCOPY --chown=${owner} a.txt dir /\nFROM scratch\nCOPY --from=files /a.txt ${to}\n`;
    const shop = shopWithCache();
    await shop.build(owned('1:1', '/x'), cached);
    for (const other of [owned('2:1', '/x'), owned('2:2', '/y')]) {
      await shop.build(other, cached);
      assert.ok(outcomes(shop).every(line => line.endsWith('ran')));
    }
  });

  it('is found through stages between, and in a stage based on the one that copies', async () => {
    const chain = `FROM scratch AS one
COPY . /
FROM scratch AS two
COPY --from=one /a.txt /
WORKDIR /two
FROM two AS three
WORKDIR /early
COPY --from=two /a.txt /b.txt
FROM scratch
COPY --link --from=three /b.txt /c.txt
WORKDIR /end
`;
    const shop = shopWithCache();
    const first = await shop.build(chain, cached);
    shop.write({ 'context/dir/b.txt': 'changed' });
    const second = await shop.build(chain, cached);
    assert.deepEqual(
      outcomes(shop).filter(line => line.endsWith('ran')),
      ['COPY . /: ran'],
    );
    assert.equal(second.digest, first.digest);
    await shop.build(chain, cached);
    assert.ok(outcomes(shop).every(line => line.endsWith('cached')));
  });

  it('names its own line where the stage does not have the file', async () => {
    const shop = shopWithCache();
    await assert.rejects(
      shop.build('FROM scratch AS a\nCOPY a.txt /\nFROM scratch\nCOPY --from=a /b.txt /\n', cached),
      {
        code: 'E_COPY_SOURCE_MISSING',
      },
    );
  });
});
