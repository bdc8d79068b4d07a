import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { openDirectoryRoot } from '../src/kit/index.js';
import type { Snapshotter } from '../src/plugin/snapshotter.js';
import { checkProperty } from '../src/testing/snapshotter/property.js';
import { Random } from '../src/testing/snapshotter/random.js';

const blind: Snapshotter = {
  open: request => openDirectoryRoot(request, { content: 'metadata', hash: 'xxh3', threads: 1 }),
};

const without = ['rename', 'link', 'replace', 'swap'] as const;

test('a snapshotter that misses something is found out, with the seed and the fewest deeds', async () => {
  const failure = await checkProperty(blind, tmpdir(), { runs: 200, seed: 1, without }).then(
    () => assert.fail('it passed'),
    (error: Error) => error.message,
  );
  assert.match(
    failure,
    /^run \d+ of 200 failed; VARVE_PROPERTY_SEED=\d+ VARVE_PROPERTY_RUNS=1 shows it again\. Steps:/,
  );
  const deeds = failure.split('\n').filter(line => line.includes('"do"'));
  assert.ok(deeds.some(line => line.includes('"sneak"')));
  assert.ok(deeds.length <= 4, failure);
  const seed = Number(/SEED=(\d+)/.exec(failure)?.[1]);
  await assert.rejects(checkProperty(blind, tmpdir(), { runs: 1, seed, without }));
});

test('the same seed gives the same choices, each of them sooner or later', () => {
  const choices = (seed: number): readonly number[] => {
    const random = new Random(seed);
    return Array.from({ length: 300 }, () => random.below(7));
  };
  assert.deepEqual(choices(7), choices(7));
  assert.notDeepEqual(choices(7), choices(8));
  assert.equal(new Set(choices(7)).size, 7);
});
