import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../src/model/error.js';
import type { LayerEntry } from '../src/model/toc.js';
import { treeOfLayers } from '../src/tree/index.js';

const plain = { mode: 0o755, uid: 0, gid: 0, size: 0, mtimeNs: 0n };
const file = (path: string): LayerEntry => ({ kind: 'write', path, entry: { ...plain, type: 'file' } });
const link = (path: string, linkTarget: string): LayerEntry => ({
  kind: 'write',
  path,
  entry: { ...plain, type: 'symlink', linkTarget },
});

const tree = treeOfLayers([
  {
    entries: [
      file('usr/bin/sh'),
      file('run/lock/x'),
      link('bin', 'usr/bin'),
      link('var/run', '/run'),
      link('var/up', '../../../../usr'),
      link('chain1', 'chain2'),
      link('chain2', 'var/run/lock'),
      link('loop1', 'loop2'),
      link('loop2', '/loop1'),
      link('self', 'self/x'),
      link('dangling', 'no/such/place'),
      link('usr/bin/dot', '.'),
    ],
  },
]);

const cases: readonly (readonly [string, string])[] = [
  ['', ''],
  ['/', ''],
  ['.', ''],
  ['..', ''],
  ['../../..', ''],
  ['usr//bin/./sh', 'usr/bin/sh'],
  ['/bin/sh', 'usr/bin/sh'],
  ['bin', 'usr/bin'],
  ['bin/', 'usr/bin'],
  ['bin/../lib', 'usr/lib'],
  ['var/run/lock', 'run/lock'],
  ['var/run/../etc', 'etc'],
  ['var/up/bin/sh', 'usr/bin/sh'],
  ['chain1/x', 'run/lock/x'],
  ['usr/bin/dot/dot/dot/sh', 'usr/bin/sh'],
  ['not/there/../at/all', 'not/at/all'],
  ['not/there/../../..', ''],
  ['dangling', 'no/such/place'],
  ['dangling/x', 'no/such/place/x'],
  ['usr/bin/sh/below', 'usr/bin/sh/below'],
];

for (const [path, real] of cases) {
  test(`${JSON.stringify(path)} leads to ${JSON.stringify(real)}`, () => assert.equal(tree.resolve(path), real));
}

test('the last link is kept where it is asked for, but for one with a slash behind it', () => {
  assert.equal(tree.resolve('bin', { followLast: false }), 'bin');
  assert.equal(tree.resolve('var/run', { followLast: false }), 'var/run');
  assert.equal(tree.resolve('var/run/', { followLast: false }), 'run');
  assert.equal(tree.resolve('chain1/x', { followLast: false }), 'run/lock/x');
});

test('links that lead nowhere but to each other', () => {
  for (const path of ['loop1', 'loop2/x', 'self']) {
    assert.throws(
      () => tree.resolve(path),
      error => codeOf(error) === 'E_LINK_LOOP',
      path,
    );
  }
  assert.equal(tree.resolve('loop1', { followLast: false }), 'loop1');
});
