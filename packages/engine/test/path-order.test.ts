import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToPath, pathToBytes } from '../src/path/bytes.js';
import { childPath, isWithin, nameOf, parentOf } from '../src/path/name.js';
import { comparePaths } from '../src/path/order.js';
import { normalizeTarPath } from '../src/path/tar-name.js';

test('a directory comes right before what is in it', () => {
  const sorted = ['', 'a', 'a/b', 'a/b/c', 'a/c', 'a-b', 'a.b', 'ab', 'b', 'é', '\ue000', '😀', '\udcff'];
  assert.deepEqual([...sorted].reverse().sort(comparePaths), sorted);
});

test('the order is that of lists of names as bytes', () => {
  const name = fc.uint8Array({ minLength: 1, maxLength: 4 }).map(b => b.map(x => (x === 0x2f || x === 0 ? 0x2e : x)));
  const path = fc.array(name, { minLength: 1, maxLength: 3 });
  const reference = (a: Uint8Array[], b: Uint8Array[]): number => {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = Buffer.compare(a[i] ?? Buffer.alloc(0), b[i] ?? Buffer.alloc(0));
      if (order !== 0) return order;
    }
    return a.length - b.length;
  };
  const spell = (parts: Uint8Array[]): string =>
    bytesToPath(Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [Buffer.from('/'), part]))));
  fc.assert(
    fc.property(path, path, (a, b) => {
      assert.equal(Math.sign(comparePaths(spell(a), spell(b))), Math.sign(reference(a, b)));
      assert.equal(Math.sign(comparePaths(spell(b), spell(a))), Math.sign(reference(b, a)));
    }),
    { numRuns: 2000 },
  );
});

test('parents, names and containment', () => {
  assert.deepEqual([parentOf('a/b/c'), parentOf('a'), parentOf('')], ['a/b', '', '']);
  assert.deepEqual([nameOf('a/b/c'), nameOf('a'), nameOf('')], ['c', 'a', '']);
  assert.deepEqual([childPath('', 'a'), childPath('a', 'b/c'), childPath('a', '')], ['a', 'a/b/c', 'a']);
  assert.ok(isWithin('', 'x') && isWithin('a', 'a') && isWithin('a', 'a/b'));
  assert.ok(!isWithin('a', 'ab') && !isWithin('a/b', 'a'));
});

test('names in a tar are taken as relative to the root, and may not leave it', () => {
  for (const [name, path] of [
    ['./', ''],
    ['/', ''],
    ['', ''],
    ['./a/b/', 'a/b'],
    ['/etc//passwd', 'etc/passwd'],
    ['a/./b', 'a/b'],
    ['..a/b..', '..a/b..'],
    ['.../x', '.../x'],
  ] as const) {
    assert.equal(normalizeTarPath(name), path);
  }
  for (const bad of ['..', '../x', 'a/../b', '/..', 'a/..', 'a\0b']) {
    assert.throws(() => normalizeTarPath(bad), { code: 'E_LAYER_INVALID' });
  }
  assert.deepEqual(pathToBytes(normalizeTarPath('/\udcff')), Buffer.from([0xff]));
});
