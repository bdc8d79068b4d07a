import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { differingFields, frame, frameMap, imageFilesKey, keyOf } from '../src/key/key.js';
import type { KeyRecord } from '../src/model/key.js';
import { bytesToPath } from '../src/path/bytes.js';

/** Texts that look like frames, and names that are not UTF-8. */
const text = fc
  .array(fc.constantFrom('0', '1', '2', ':', 'a', '\0', 'é', '😀', '\udc80', '\udcff'), { maxLength: 5 })
  .map(parts => parts.join(''));
const list = fc.array(text, { maxLength: 4 });

/** Reads a frame back: what can be read back is never the frame of something else. */
function unframe(framed: string): string[] {
  const items: string[] = [];
  for (let at = 0; at < framed.length; ) {
    const colon = framed.indexOf(':', at);
    const end = colon + 1 + Number(framed.slice(at, colon));
    items.push(framed.slice(colon + 1, end));
    at = end;
  }
  return items;
}

test('a frame holds its items, whatever they are', () => {
  fc.assert(fc.property(list, items => assert.deepEqual(unframe(frame(items)), items)));
  fc.assert(
    fc.property(list, list, (a, b) => assert.equal(frame(a) === frame(b), isDeepStrictEqual(a, b))),
    {
      examples: [
        [['a', 'b'], ['ab']],
        [[''], []],
        [['1:a'], ['1', 'a']],
      ],
    },
  );
});

test('a framed map does not depend on the order of its entries', () => {
  fc.assert(
    fc.property(fc.dictionary(text, text), map => {
      const entries = Object.entries(map);
      assert.equal(frameMap(entries), frameMap(entries.toReversed()));
      assert.deepEqual(new Map(pairs(unframe(frameMap(entries)))), new Map(entries));
    }),
  );
});

function pairs(items: readonly string[]): [string, string][] {
  return items.flatMap((item, at): [string, string][] => (at % 2 === 0 ? [[item, items[at + 1] as string]] : []));
}

const record: fc.Arbitrary<KeyRecord> = fc.record(
  {
    version: fc.constantFrom(1, 2),
    kind: fc.constantFrom('run', 'copy', 'ru'),
    fields: fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }),
  },
  { noNullPrototype: true },
);

test('two records have one key only where they are the same', () => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      assert.equal(keyOf(a) === keyOf(b), isDeepStrictEqual(a, b));
      assert.equal(differingFields(a, b).length === 0, isDeepStrictEqual(a, b));
    }),
  );
  fc.assert(
    fc.property(record, text, text, (before, name, value) => {
      const after = { ...before, fields: { ...before.fields, [name]: `${value}x` } };
      fc.pre(before.fields[name] !== `${value}x`);
      assert.notEqual(keyOf(before), keyOf(after));
      assert.deepEqual(differingFields(before, after), [name]);
    }),
  );
});

test('names that are not UTF-8 count, though none of them has an encoding', () => {
  const [one, two] = [bytesToPath(Buffer.from([0x80])), bytesToPath(Buffer.from([0x81]))];
  const keys = [one, two, '\ufffd'].map(name => keyOf({ version: 1, kind: 'copy', fields: { sources: name } }));
  assert.equal(new Set(keys).size, 3);
  assert.match(keys[0] as string, /^[0-9a-f]{64}$/);
});

test('a miss is explained by names, in one order', () => {
  const now: KeyRecord = { version: 1, kind: 'run', fields: { env: 'a', argv: 'b', same: 's', user: '' } };
  const last: KeyRecord = { version: 2, kind: 'copy', fields: { env: 'b', argv: 'b', same: 's', chown: '1' } };
  assert.deepEqual(differingFields(now, last), ['chown', 'env', 'kind', 'user', 'version']);
});

test("an image's files are known by its layers, in their order", () => {
  const layers = (...diffIds: string[]) => diffIds.map(diffId => ({ diffId }));
  const keys = [layers(), layers('a'), layers('a', 'b'), layers('b', 'a'), layers('ab')].map(imageFilesKey);
  assert.equal(new Set(keys).size, 5);
  assert.equal(imageFilesKey(layers('a', 'b')), keys[2]);
});
