import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readLayoutImage, Workshop } from './build-support.js';
import { failure } from './planning-support.js';

const outputs = [{ type: 'oci', attributes: { dest: 'out', name: 'app:1' } }];
const files = {
  'context/a': 'A',
  'named/f': 'F',
  'named/skip': '',
  'named/.dockerignore': 'skip\n',
};

describe('named contexts', () => {
  it('are layouts on this machine: as base, as source, by tag and digest', async () => {
    const shop = new Workshop(files);
    const { digest } = await shop.build('FROM scratch\nCOPY a /a\nENV E=1\n', {
      outputs: [{ type: 'oci', attributes: { dest: 'base', name: 'base:v1' } }],
    });
    for (const reference of ['oci-layout://base', 'oci-layout://base:v1', `oci-layout://./base@${digest}`]) {
      shop.freshStore();
      rmSync(shop.path('out'), { recursive: true, force: true });
      await shop.build('FROM ext\nCOPY --from=ext a /b\n', { buildContexts: { ext: reference }, outputs });
      const { config, layers } = await readLayoutImage(shop.path('out'));
      assert.deepEqual(layers, [['a = A'], ['b = A']], reference);
      assert.ok(config.config?.Env?.includes('E=1'));
    }
    const wrong = (reference: string) => shop.build('\nFROM ext\n', { buildContexts: { ext: reference } });
    await assert.rejects(wrong('oci-layout://base:v2'), failure('E_IMAGE_UNKNOWN', '2:6', /v1/));
    await assert.rejects(wrong('oci-layout://nowhere'), failure('E_IMAGE_UNKNOWN', '2:6'));
  });

  it('are folders and tars: as base with all their files, or as source', async () => {
    const shop = new Workshop(files);
    await shop.build('FROM ctx\nCOPY --from=ctx f /g\nCOPY a /a\n', { buildContexts: { ctx: 'named' }, outputs });
    const { config, layers } = await readLayoutImage(shop.path('out'));
    assert.deepEqual(layers, [['.dockerignore = skip\n', 'f = F'], ['g = F'], ['a = A']]);
    assert.equal(config.history?.length, 3);
    const started = shop.events.flatMap(event => (event.type === 'stepStarted' ? event.label : []));
    assert.equal(started[0], '[1/3] FROM ctx');
  });

  it('with the name of a stage stand for the whole stage, also where a stage is based on it', async () => {
    const shop = new Workshop(files);
    const text = 'FROM nowhere.invalid/x AS Tools\nRUN false\nFROM tools\nCOPY --from=tools f /g\n';
    await shop.build(text, { buildContexts: { tools: 'named' }, outputs });
    const { layers } = await readLayoutImage(shop.path('out'));
    assert.deepEqual(layers, [['.dockerignore = skip\n', 'f = F'], ['g = F']]);
  });

  it('are stages of the file', async () => {
    const shop = new Workshop(files);
    const text = 'FROM scratch AS one\nCOPY a /a\nFROM t\nCOPY --from=t a /b\n';
    await shop.build(text, { buildContexts: { t: 'target:One' }, outputs });
    assert.deepEqual((await readLayoutImage(shop.path('out'))).layers, [['a = A'], ['b = A']]);
    const wrong = (target: string) => shop.build(text, { buildContexts: { t: target } });
    await assert.rejects(wrong('target:on'), failure('E_STAGE_UNKNOWN', '3:6', /did you mean "one"/));
    await assert.rejects(
      shop.build('FROM t\nFROM scratch AS later\n', { target: '0', buildContexts: { t: 'target:later' } }),
      failure('E_STAGE_ORDER', '1:6'),
    );
  });
});
