import assert from 'node:assert/strict';
import { it } from 'node:test';
import { digestOf } from '@varve/oci';
import type { Note } from '../src/plugin/cache.js';
import { compressedOnce } from '../src/session/compressed-once.js';

const layerOf = (blob: string) => {
  const descriptor = { mediaType: 'application/x', digest: digestOf(Buffer.from(blob)), size: blob.length };
  return { descriptor, diffId: digestOf(Buffer.from('tar')) };
};

it('a cached layer is compressed by another compressor once, for as long as the store has what came of it', async () => {
  const notes = new Map<string, Uint8Array>();
  const memory = {
    recall: async (names: readonly string[]) => names.map(name => notes.get(name)),
    remember: async (written: readonly Note[]) => {
      for (const { name, value } of written) notes.set(name, value);
    },
  };
  const here = new Set<string>();
  const store = { has: ({ digest }: { readonly digest: string }) => here.has(digest) };
  const cached = { layer: layerOf('gzip'), compressor: 'gzip', created: '2026-01-01T00:00:00Z' };
  let count = 0;
  const compressedBy = async (fingerprint: string): Promise<number> => {
    const made = { layer: layerOf(fingerprint), compressor: fingerprint };
    const got = await compressedOnce(cached, fingerprint, { memory, store }, async () => {
      count += 1;
      here.add(made.layer.descriptor.digest);
      return made;
    });
    assert.deepEqual(got, made);
    return count;
  };
  assert.equal(await compressedBy('zstd'), 1);
  assert.equal(await compressedBy('zstd'), 1);
  assert.equal(await compressedBy('none'), 2);
  assert.equal(await compressedBy('zstd'), 2);
  here.clear();
  assert.equal(await compressedBy('zstd'), 3);
  for (const name of notes.keys()) notes.set(name, Buffer.from('{"layer":'));
  assert.equal(await compressedBy('zstd'), 4);
});
