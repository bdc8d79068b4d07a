import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { gunzip } from '../src/layer/compress/gunzip.js';
import { gunzipAtOnce } from '../src/layer/compress/gunzip-at-once.js';
import type { Bytes } from '../src/model/bytes.js';

const numRuns = Number(process.env.VARVE_PROPERTY_RUNS ?? 200);
const found = gunzipAtOnce();
const needsLibrary = {
  skip:
    found === undefined && process.env.CI !== 'true'
      ? 'libisal.so.2 is not installed (apt-get install libisal2)'
      : false,
};

async function* inParts(bytes: Uint8Array, sizes: readonly number[]): Bytes {
  let at = 0;
  for (const size of sizes) {
    if (at >= bytes.length) return;
    yield bytes.subarray(at, at + size);
    at += size;
  }
  if (at < bytes.length) yield bytes.subarray(at);
}

/** What comes out, or the code of the error. */
async function outcome(bytes: Bytes): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    // Copies: a chunk is valid until the next one is asked for.
    for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('latin1');
  } catch (error) {
    return `error ${(error as { code?: string }).code}`;
  }
}

const texts = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 200_000 }))
    .map(([piece, times]) => Buffer.alloc(times, piece)),
  fc
    .integer({ min: 1, max: 400_000 })
    .map(length => Buffer.from(Array.from({ length: length >> 4 }, (_, i) => `${i * 7919} `).join(''))),
);
const members = fc.array(fc.tuple(texts, fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 4 });
const sizes = fc.array(fc.integer({ min: 1, max: 300_000 }), { maxLength: 8 });

test('gives what zlib gives, of streams in any number of members and parts', needsLibrary, async () => {
  assert.ok(found);
  await fc.assert(
    fc.asyncProperty(members, fc.nat({ max: 20 }), sizes, async (all, padding, parts) => {
      const bytes = Buffer.concat([...all.map(([text, level]) => gzipSync(text, { level })), Buffer.alloc(padding)]);
      assert.equal(
        await outcome(found(inParts(bytes, parts))),
        Buffer.concat(all.map(([text]) => text)).toString('latin1'),
      );
    }),
    { numRuns },
  );
});

test('refuses what zlib refuses: damaged, cut short, with something behind it', needsLibrary, async () => {
  assert.ok(found);
  const edits = fc.record({
    cut: fc.nat({ max: 40 }),
    flip: fc.option(fc.nat()),
    tail: fc.uint8Array({ maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(texts, edits, sizes, async (text, { cut, flip, tail }, parts) => {
      const whole = gzipSync(text);
      const bytes = Buffer.concat([whole.subarray(0, whole.length - cut), tail]);
      // Not in the header: what it says besides the method (flags, time, system) is looked at differently.
      if (flip !== null && bytes.length > 10) {
        const at = 10 + (flip % (bytes.length - 10));
        bytes[at] = (bytes[at] as number) ^ (1 << (flip % 8));
      }
      const [ours, theirs] = [
        await outcome(found(inParts(bytes, parts))),
        await outcome(gunzip(inParts(bytes, parts))),
      ];
      assert.equal(ours, theirs);
    }),
    { numRuns },
  );
});

test('a small blob gives what it gives as part of a larger one, however much it holds', async () => {
  const large = fc.tuple(fc.nat({ max: 255 }), fc.integer({ min: 250_000, max: 3_000_000 }));
  const contents = fc.oneof(
    texts,
    large.map(([byte, length]) => Buffer.alloc(length, byte)),
  );
  // More than is inflated at once; gzip lets zeros pass behind its last stream.
  const padding = Buffer.alloc(32 * 1024);
  await fc.assert(
    fc.asyncProperty(contents, fc.option(fc.nat()), fc.nat({ max: 9 }), sizes, async (text, flip, zeros, parts) => {
      const bytes = Buffer.concat([gzipSync(text), Buffer.alloc(zeros)]);
      if (flip !== null) {
        const at = 10 + (flip % (bytes.length - 10));
        bytes[at] = (bytes[at] as number) ^ (1 << (flip % 8));
      }
      const alone = await outcome(gunzip(inParts(bytes, parts)));
      assert.equal(alone, await outcome(gunzip(inParts(Buffer.concat([bytes, padding]), parts))));
      if (flip === null) assert.equal(alone, Buffer.from(text).toString('latin1'));
    }),
    { numRuns },
  );
});
