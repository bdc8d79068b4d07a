import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mapBounded } from '../src/kit/map-bounded.js';

const signal = new AbortController().signal;

describe('mapBounded', () => {
  it('keeps the order and the limit', async () => {
    let [running, most] = [0, 0];
    const results = await mapBounded([30, 1, 20, 1, 10], 2, signal, async (pause, _stop) => {
      most = Math.max(most, ++running);
      await sleep(pause);
      running--;
      return pause * 2;
    });
    assert.deepEqual(results, [60, 2, 40, 2, 20]);
    assert.equal(most, 2);
    assert.deepEqual(await mapBounded([], 2, signal, () => assert.fail()), []);
  });

  it('throws the first failure when all have ended, and starts nothing more', async () => {
    const events: string[] = [];
    const work = mapBounded(['slow', 'bad', 'never'], 2, signal, async (name, stop) => {
      events.push(`start ${name}`);
      if (name === 'bad') throw new Error('bad');
      await sleep(10_000, undefined, { signal: stop }).finally(() => events.push(`end ${name}`));
    });
    await assert.rejects(work, /^Error: bad$/);
    assert.deepEqual(events, ['start slow', 'start bad', 'end slow']);
  });

  it('ends with the signal of the caller', async () => {
    const stop = AbortSignal.abort(new Error('stopped'));
    await assert.rejects(
      mapBounded([1], 1, stop, () => Promise.resolve()),
      /stopped/,
    );
  });
});
