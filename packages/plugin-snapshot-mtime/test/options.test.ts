import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@varve/engine/plugin';
import plugin from '../src/index.js';

test('it is heuristic, and so never chosen by itself', () => {
  const [provider] = plugin.create(plugin.parseOptions({})).provides ?? [];
  assert.equal(provider?.id, 'mtime');
  assert.deepEqual(provider?.traits, { root: 'directory', fidelity: 'heuristic' });
});

test('options are refused, all at once', () => {
  assert.throws(
    () => plugin.parseOptions({ verify: 'all', level: '3' }),
    error => codeOf(error) === 'E_PLUGIN_OPTIONS' && /verify, level/.test(String(error)),
  );
});
