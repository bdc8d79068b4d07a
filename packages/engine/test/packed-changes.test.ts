import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { type PackedChanges, packChanges, unpackChanges } from '../src/host/packed-changes.js';
import type { Change, FileContent } from '../src/model/change.js';
import type { FileEntry, FileType } from '../src/model/file-entry.js';

/** Names with bytes that are not UTF-8, which are lone surrogates in a path. */
const name = fc
  .array(fc.oneof(fc.constantFrom('a', 'ä', '€', '\u{1f600}', ' '), fc.constantFrom('\udc80', '\udcff')), {
    minLength: 1,
    maxLength: 8,
  })
  .map(parts => parts.join(''));
const path = fc.array(name, { minLength: 0, maxLength: 4 }).map(names => names.join('/'));
const number = fc.nat(2 ** 32 - 1);
const time = fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n });

const entryOf = (type: FileType): fc.Arbitrary<FileEntry> =>
  fc
    .record({
      numbers: fc.record({ mode: fc.nat(0o7777), uid: number, gid: number, size: fc.nat(2 ** 40), mtimeNs: time }),
      xattrs: fc.option(fc.uint8Array({ maxLength: 20 })),
      group: fc.option(fc.nat(9)),
      target: path,
    })
    .map(({ numbers, xattrs, group, target }) => ({
      type,
      ...numbers,
      ...(type === 'symlink' ? { linkTarget: target } : {}),
      ...(type === 'char' ? { device: { major: 1, minor: 3 } } : {}),
      ...(xattrs ? { xattrs: new Map([['user.a', Uint8Array.from(xattrs)]]) } : {}),
      ...(group === null ? {} : { linkGroup: group }),
    }));
const content: fc.Arbitrary<FileContent> = fc.oneof(
  path.map((place): FileContent => ({ kind: 'path', path: `/context/${place}` })),
  fc.uint8Array({ maxLength: 30 }).map((bytes): FileContent => ({ kind: 'bytes', bytes: Uint8Array.from(bytes) })),
);
const change: fc.Arbitrary<Change> = fc.oneof(
  path.map((at): Change => ({ kind: 'delete', path: at })),
  fc.tuple(path, entryOf('directory')).map(([at, entry]): Change => ({ kind: 'replace', path: at, entry })),
  fc
    .tuple(path, fc.constantFrom<FileType>('directory', 'symlink', 'char', 'fifo', 'file').chain(entryOf))
    .map(([at, entry]): Change => ({ kind: 'write', path: at, entry })),
  fc
    .tuple(path, entryOf('file'), content)
    .map(([at, entry, of]): Change => ({ kind: 'write', path: at, entry, content: of })),
);

test('packed changes are the same when they have crossed to another process', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), changes => {
      const crossed = deserialize(serialize(packChanges(changes))) as PackedChanges;
      assert.deepEqual([...unpackChanges(crossed)], changes);
      assert.deepEqual([...unpackChanges(crossed)], changes);
    }),
  );
});

test('the bytes of a file name that is no text lead to the same file', () => {
  const entry: FileEntry = { type: 'file', mode: 0o644, uid: 0, gid: 0, size: 1, mtimeNs: 0n };
  const bytes = Buffer.from([0x2f, 0x61, 0xff]);
  const packed = packChanges([{ kind: 'write', path: 'a\udcff', entry, content: { kind: 'path', path: bytes } }]);
  assert.deepEqual(
    [...unpackChanges(packed)],
    [{ kind: 'write', path: 'a\udcff', entry, content: { kind: 'path', path: '/a\udcff' } }],
  );
});
