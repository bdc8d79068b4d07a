import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../src/model/error.js';
import { bytesToPath, isPlainPath, onDisk, pathToBytes, plainBytes } from '../src/path/bytes.js';
import { isIn, parentOf } from '../src/path/name.js';

test('valid UTF-8 is the usual string', () => {
  for (const text of ['', 'etc/passwd', 'größe', '漢字', '😀/x', '\ufffd', '\u{10ffff}']) {
    assert.equal(bytesToPath(Buffer.from(text)), text);
    assert.deepEqual(pathToBytes(text), Buffer.from(text));
    assert.ok(isPlainPath(text));
  }
});

test('each byte that is not UTF-8 is one lone surrogate', () => {
  assert.equal(bytesToPath(Buffer.from([0x61, 0xff, 0x62])), 'a\udcffb');
  // An encoded surrogate and an overlong slash are not UTF-8.
  assert.equal(bytesToPath(Buffer.from([0xed, 0xa0, 0x80])), '\udced\udca0\udc80');
  assert.equal(bytesToPath(Buffer.from([0xc0, 0xaf])), '\udcc0\udcaf');
  assert.equal(bytesToPath(Buffer.from([0xe2, 0x82])), '\udce2\udc82');
  assert.equal(bytesToPath(Buffer.from([0xf0, 0x9f, 0x98, 0x80, 0x80])), '😀\udc80');
});

test('any bytes survive the round trip', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      assert.deepEqual(pathToBytes(bytesToPath(bytes)), Buffer.from(bytes));
    }),
    { numRuns: 2000 },
  );
});

test('onDisk gives bytes only where a string will not do', () => {
  assert.equal(onDisk('/root', 'a/b'), '/root/a/b');
  assert.equal(onDisk('/root', ''), '/root');
  assert.deepEqual(onDisk('/r', 'a\udcff'), Buffer.from([0x2f, 0x72, 0x2f, 0x61, 0xff]));
});

test('onDisk says what no call of the kernel takes', () => {
  const below = (length: number): string => `${'x'.repeat(200)}/`.repeat(40).slice(0, length - 3);
  assert.equal(Buffer.byteLength(onDisk('/r', below(4095))), 4095);
  for (const path of [below(4096), `${below(4090)}ééé`])
    assert.throws(
      () => onDisk('/r', path),
      error => codeOf(error) === 'E_PATH_TOO_LONG',
    );
});

test('a name that is plain is made the same bytes without a buffer of its own', () => {
  const paths = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
  );
  fc.assert(
    fc.property(paths, fc.nat(40), fc.nat(40), (path, from, room) => {
      const [start, into] = [Math.min(from, path.length), new Uint8Array(room)];
      const length = plainBytes(path, start, into);
      const bytes = pathToBytes(path.slice(start));
      if (length !== -1) assert.deepEqual(Buffer.from(into.subarray(0, length)), bytes);
      else assert.ok(bytes.length > room || bytes.some(byte => byte > 0x7f));
    }),
  );
});

test('a path is in the directory that holds it, and in no other', () => {
  const paths = fc.array(fc.constantFrom('a', 'ab', 'b'), { maxLength: 4 }).map(names => names.join('/'));
  fc.assert(fc.property(paths, paths, (dir, path) => assert.equal(isIn(dir, path), parentOf(path) === dir)));
});
