import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertGolden } from './golden.js';
import { varve } from './spawn-varve.js';

const calls: readonly (readonly [string, readonly string[], number])[] = [
  ['plan', ['plan', '.'], 0],
  ['cache-explain', ['cache', 'explain', '.'], 0],
  ['doctor', ['doctor'], 0],
  ['cache-ls', ['cache', 'ls'], 0],
  ['cache-prune', ['cache', 'prune'], 0],
  ['diff', ['diff', 'a', 'b'], 0],
  ['plugin-list', ['plugin', 'list', '--plugin', './mine.js'], 0],
  ['diff-same', ['diff', 'a', 'a'], 0],
  ['bench-snapshot', ['bench', 'snapshot', '--image', 'app'], 0],
];

for (const [name, args, code] of calls) {
  test(`what varve ${args.join(' ')} prints`, async () => {
    const ended = await varve(args);
    assert.equal(ended.code, code, ended.stderr);
    assertGolden(`report-${name}.txt`, ended.stdout);
  });
}

test('varve bench snapshot works on one image or one folder', async () => {
  for (const args of [[], ['--image', 'app', '--rootfs', '/srv']]) {
    const ended = await varve(['bench', 'snapshot', ...args]);
    assert.equal(ended.code, 2, ended.stderr);
    assert.match(ended.stderr, /E_BAD_FLAGS/);
    assert.equal(ended.stdout, '');
  }
});
