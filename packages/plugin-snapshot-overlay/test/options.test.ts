import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, VarveError } from '@varve/engine/plugin';
import plugin from '../src/index.js';
import { parseOptions } from '../src/options.js';

test('no options: hard links stay together where the kernel can keep them so', () => {
  assert.deepEqual(parseOptions({}), { index: 'auto' });
});

test('every problem is reported at once', () => {
  assert.throws(
    () => parseOptions({ index: 'on', level: '3' }),
    error => {
      assert.ok(error instanceof VarveError);
      assert.equal(codeOf(error), 'E_PLUGIN_OPTIONS');
      for (const name of ['index', 'level']) assert.match(error.message, new RegExp(name));
      return true;
    },
  );
});

test('it is exact, and better than walking', () => {
  const provided = plugin.create(plugin.parseOptions({})).provides?.[0];
  assert.deepEqual(provided?.traits, { root: 'directory', fidelity: 'exact' });
  assert.ok((provided?.rank ?? 0) > 100);
});
