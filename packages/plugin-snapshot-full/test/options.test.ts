import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, VarveError } from '@varve/engine/plugin';
import plugin from '../src/index.js';
import { parseOptions } from '../src/options.js';

test('no options: evidence where it can be trusted, contents elsewhere', () => {
  assert.deepEqual(parseOptions({}), { content: 'auto', hash: 'xxh3' });
});

test('all options', () => {
  assert.deepEqual(parseOptions({ verify: 'all', hash: 'sha256', threads: '4' }), {
    content: 'all',
    hash: 'sha256',
    threads: 4,
  });
});

test('every problem is reported at once', () => {
  assert.throws(
    () => parseOptions({ verify: 'maybe', hash: 'md5', threads: '0', level: '3' }),
    error => {
      assert.ok(error instanceof VarveError);
      assert.equal(codeOf(error), 'E_PLUGIN_OPTIONS');
      for (const name of ['verify', 'hash', 'threads', 'level']) assert.match(error.message, new RegExp(name));
      return true;
    },
  );
});

test('taken at the word of stat evidence alone, it is not exact', () => {
  const fidelity = (verify: string): unknown =>
    plugin.create(plugin.parseOptions({ verify })).provides?.map(({ traits }) => traits);
  assert.deepEqual(fidelity('auto'), [{ root: 'directory', fidelity: 'exact' }]);
  assert.deepEqual(fidelity('all'), [{ root: 'directory', fidelity: 'exact' }]);
  assert.deepEqual(fidelity('evidence'), [{ root: 'directory', fidelity: 'heuristic' }]);
});
