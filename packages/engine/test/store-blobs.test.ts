import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as settled } from 'node:timers/promises';
import { digestOf, mediaTypes } from '@varve/oci';
import fc from 'fast-check';
import { BatchWriter } from '../src/store/batch-writer.js';
import { type BlobOrigin, Blobs } from '../src/store/blobs.js';
import { openStore } from '../src/store/store.js';
import { PatientFile } from '../src/sys/patient-file.js';

const base = mkdtempSync(join(tmpdir(), 'varve-blobs-'));
after(() => rmSync(base, { recursive: true, force: true }));

/** Bytes that differ from place to place. */
function noise(size: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: Math.ceil(size / 4) }, (_, at) => Math.imul(at, 0x9e3779b1)).buffer);
}

describe('what is written in batches', () => {
  it('is the same in the file, and told of when it is there, however fast the disk is', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 300_000 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.constantFrom(-1, Number.POSITIVE_INFINITY), async (lengths, patience) => {
        const path = join(base, 'file');
        using file = new PatientFile(path, 'w', patience);
        let told = 0;
        const advance = (size: number): void => {
          told += size;
          assert.equal(readFileSync(path).length, told);
        };
        const writer = new BatchWriter(file, base, advance);
        const chunks = lengths.map(noise);
        for (const chunk of chunks) if (writer.take(chunk)) await writer.flush();
        await writer.flush();
        assert.deepEqual(readFileSync(path), Buffer.concat(chunks));
        assert.equal(told, Buffer.concat(chunks).length);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a blob of a cache', () => {
  const bytes = noise(1_000_000);
  const descriptor = { mediaType: mediaTypes.ociLayer, digest: digestOf(bytes), size: bytes.length };

  /** A store that learned of an origin which gives these bytes. */
  function learned(given: Buffer) {
    const store = openStore(mkdtempSync(join(base, 'store-')));
    const blobs = new Blobs(store, new AbortController().signal);
    const open: BlobOrigin['open'] = async () =>
      (async function* () {
        for (let at = 0; at < given.length; at += 65_536) yield given.subarray(at, at + 65_536);
      })();
    blobs.learn(descriptor.digest, { description: 'the cache', isCache: true, open });
    return { store, blobs };
  }

  it('is in the store when it is right', async () => {
    const { blobs, store } = learned(bytes);
    assert.deepEqual(readFileSync(await blobs.ensure(descriptor)), bytes);
    assert.deepEqual(readdirSync(store.ingestDir), []);
  });

  for (const [what, given] of [
    ['damaged', Buffer.concat([bytes.subarray(0, -1), Buffer.of(1)])],
    ['too short', bytes.subarray(0, -1)],
    ['too long', Buffer.concat([bytes, Buffer.of(0)])],
  ] as const) {
    it(`is missing, and nothing of it kept, where it comes ${what}`, async () => {
      const { blobs, store } = learned(given);
      await assert.rejects(blobs.ensure(descriptor), { code: 'E_BLOB_MISSING' });
      assert.equal(blobs.file(descriptor), undefined);
      assert.deepEqual(readdirSync(store.ingestDir), []);
    });
  }
});

describe('a blob that nobody waits for any more', () => {
  it('ends with the build, and nothing of it is left', async () => {
    const bytes = noise(1_000_000);
    const descriptor = { mediaType: mediaTypes.ociLayer, digest: digestOf(bytes), size: bytes.length };
    const store = openStore(mkdtempSync(join(base, 'store-')));
    const blobs = new Blobs(store, new AbortController().signal);
    const open: BlobOrigin['open'] = async (_, signal) =>
      (async function* () {
        yield bytes.subarray(0, 600_000);
        await new Promise((_resolve, reject) => {
          if (signal.aborted) reject(signal.reason);
          else signal.addEventListener('abort', () => reject(signal.reason));
        });
      })();
    blobs.learn(descriptor.digest, { description: 'a registry', open });
    blobs.fetch(descriptor);
    while (readdirSync(store.ingestDir).length === 0) await settled();
    await blobs[Symbol.asyncDispose]();
    assert.deepEqual(readdirSync(store.ingestDir), []);
    assert.equal(blobs.file(descriptor), undefined);
  });
});
