import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Turns } from '../src/model/turns.js';
import { type Resolvers, withResolvers } from '../src/model/with-resolvers.js';

/** Jobs that end when they are told to, and which of them have begun. */
class Jobs {
  readonly begun: number[] = [];
  readonly #ends: Resolvers<number>[] = [];

  give(turns: Turns, count: number): readonly Promise<number>[] {
    return Array.from({ length: count }, (_, index) => {
      const end = withResolvers<number>();
      this.#ends.push(end);
      return turns.run(() => {
        this.begun.push(index);
        return end.promise;
      });
    });
  }

  async end(index: number, how: 'resolve' | 'reject' = 'resolve'): Promise<void> {
    if (how === 'resolve') this.#ends[index]?.resolve(index);
    else this.#ends[index]?.reject(new Error(`job ${index}`));
    await setImmediate();
  }
}

describe('jobs that take turns', () => {
  it('run so many at a time, in order, whether they succeed or fail', async () => {
    const jobs = new Jobs();
    const results = jobs.give(new Turns(2), 5);
    await setImmediate();
    assert.deepEqual(jobs.begun, [0, 1]);
    const failed = assert.rejects(results[1] as Promise<number>, /job 1/);
    await jobs.end(1, 'reject');
    assert.deepEqual(jobs.begun, [0, 1, 2]);
    await failed;
    for (const index of [2, 0, 3, 4]) await jobs.end(index);
    assert.deepEqual(jobs.begun, [0, 1, 2, 3, 4]);
    assert.equal(await results[4], 4);
  });

  it('begin at once where more are allowed, and wait where fewer are', async () => {
    const jobs = new Jobs();
    const turns = new Turns(1);
    jobs.give(turns, 5);
    await setImmediate();
    assert.deepEqual(jobs.begun, [0]);
    turns.allow(3);
    await setImmediate();
    assert.deepEqual(jobs.begun, [0, 1, 2]);
    turns.allow(1);
    for (const index of [0, 1]) await jobs.end(index);
    assert.deepEqual(jobs.begun, [0, 1, 2]);
    await jobs.end(2);
    assert.deepEqual(jobs.begun, [0, 1, 2, 3]);
  });
});
