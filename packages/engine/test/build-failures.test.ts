import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { BuildOptions } from '../src/model/options.js';
import { pluginSource, Workshop } from './build-support.js';
import { failure } from './planning-support.js';

const outputs = [{ type: 'oci', attributes: { dest: 'out' } }];
const good = 'FROM scratch\nCOPY a.txt /\n';

interface Failing {
  readonly text?: string;
  readonly options?: Partial<BuildOptions>;
  readonly code: string;
  readonly place?: string;
  readonly hint?: RegExp;
}

const withPlugin = (module: string, options = {}): Partial<BuildOptions> => ({ plugins: [{ module, options }] });
const withOutput = (type: string): Partial<BuildOptions> => ({ outputs: [{ type, attributes: {} }] });

const cases: Readonly<Record<string, Failing>> = {
  'a missing source': { text: 'FROM scratch\nCOPY b.txt /\n', code: 'E_COPY_SOURCE_MISSING', hint: /a\.txt/ },
  'an ignored source': { text: 'FROM scratch\nCOPY x.log /\n', code: 'E_COPY_SOURCE_MISSING', hint: /!x\.log/ },
  'a source out of the context': { text: 'FROM scratch\nCOPY ../x /\n', code: 'E_COPY_OUTSIDE', place: '2:6' },
  'an unknown instruction': { text: 'FROM scratch\nCOPPY a b\n', code: 'E_UNKNOWN_INSTRUCTION', place: '2:1' },
  'a step that does not fit': {
    text: 'FROM scratch\nCOPY a.txt /f\nCOPY a.txt /f/g\n',
    code: 'E_COPY_NOT_DIRECTORY',
    place: '3:6',
  },
  'an unknown user': { text: 'FROM scratch\nCOPY --chown=me a.txt /\n', code: 'E_USER_UNKNOWN', place: '2:1' },
  'an unknown target': { options: { target: 'nope' }, code: 'E_STAGE_UNKNOWN' },
  'no Dockerfile': { options: { file: 'Dokcerfile' }, code: 'E_DOCKERFILE_MISSING' },
  'no context': { options: { context: 'nowhere' }, code: 'E_CONTEXT_NOT_FOUND' },
  'an unknown output': { options: withOutput('occi'), code: 'E_NO_PROVIDER', hint: /"oci"/ },
  'an output without a place': { options: withOutput('oci'), code: 'E_OUTPUT_INVALID' },
  'an unknown cache': { options: { caches: [{ id: 'nope', options: {} }] }, code: 'E_NO_PROVIDER' },
  'a platform that is none': { options: { platforms: ['a/b/c/d'] }, code: 'E_BAD_PLATFORM' },
  'a tag that is none': { options: { tags: ['UPPER/Case'] }, code: 'E_BAD_REFERENCE' },
  'a plugin that is not there': { options: withPlugin('./none.mjs'), code: 'E_PLUGIN_LOAD' },
  'a package that is not there': { options: withPlugin('varve-none'), code: 'E_PLUGIN_LOAD', hint: /write a path/ },
  'wrong options of a plugin': { options: withPlugin('./plugin.mjs', { what: '1' }), code: 'E_PLUGIN_OPTIONS' },
};

describe('a build that fails', () => {
  for (const [what, { text = good, options = {}, code, place, hint }] of Object.entries(cases))
    it(`for ${what} says so, and leaves nothing`, async () => {
      const files = { 'context/a.txt': 'A', 'context/x.log': '', 'context/.dockerignore': '*.log' };
      const shop = new Workshop({ ...files, 'plugin.mjs': pluginSource });
      await assert.rejects(shop.build(text, { outputs, iidFile: 'iid', ...options }), failure(code, undefined, hint));
      assert.deepEqual(existsSync(shop.store) ? shop.leftovers() : [], []);
      assert.equal(existsSync(shop.path('out')), false);
      assert.equal(existsSync(shop.path('iid')), false);
      const last = shop.events.at(-1);
      if (last === undefined) return;
      assert.ok(last.type === 'buildFinished' && !last.ok);
      assert.equal(last.error?.code, code);
      const { where } = last.error ?? {};
      if (place !== undefined) assert.equal(`${where?.line}:${where?.column}`, place);
    });

  it('does not hinder the next one', async () => {
    const shop = new Workshop({ 'context/a.txt': 'A' });
    await assert.rejects(shop.build('FROM scratch\nCOPY a.txt /f\nCOPY a.txt /f/g\n', { outputs }));
    assert.match((await shop.build(good, { outputs })).digest, /^sha256:/);
  });

  it('because it was cancelled gives the reason, and leaves nothing', async () => {
    const shop = new Workshop({ 'context/a.txt': 'A' });
    const reason = new Error('enough');
    await assert.rejects(shop.build(good, { outputs }, AbortSignal.abort(reason)), reason);
    assert.deepEqual(shop.leftovers(), []);
    assert.equal(existsSync(shop.path('out')), false);
  });

  it('keeps an output of before as it was', async () => {
    const shop = new Workshop({ 'context/a.txt': 'A' });
    const tar = [{ type: 'oci', attributes: { dest: 'out.tar' } }];
    await shop.build(good, { outputs: tar });
    const before = readFileSync(shop.path('out.tar'));
    await assert.rejects(shop.build('FROM scratch\nCOPY gone /\n', { outputs: tar }));
    assert.deepEqual(readFileSync(shop.path('out.tar')), before);
  });

  it('over credentials that cannot be read has its own error, not one of closing', async () => {
    const shop = new Workshop({ 'context/a.txt': 'A', '.docker/config.json': '{ this is no JSON' });
    await assert.rejects(shop.build('FROM example.invalid/x\n'), (error: { code?: string; name?: string }) => {
      assert.notEqual(error.name, 'SuppressedError');
      assert.match(error.code ?? '', /^E_/);
      return true;
    });
    assert.deepEqual(shop.leftovers(), []);
  });
});
