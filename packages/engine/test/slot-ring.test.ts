import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { workerChannel } from '../src/host/channel.js';
import { createCaller } from '../src/host/rpc.js';
import { ringMemory, SlotEmptier } from '../src/host/slot-ring.js';
import type { HashMethods } from '../src/host/tar-thread.js';
import { chunkOf, type FillOrder } from './slot-ring-filler.js';

const fillerThread = new Worker(new URL('./slot-ring-filler.js', import.meta.url));
const hashThread = new Worker(new URL('../src/host/hash-worker.js', import.meta.url));
const hasher = createCaller<HashMethods>(workerChannel(hashThread), () => 'the thread ended');
after(() => Promise.all([fillerThread.terminate(), hashThread.terminate()]));

/** Starts to fill a ring; `filled` says how that ended. */
function fill(chunks: FillOrder['chunks']): {
  readonly slots: SlotEmptier;
  readonly filled: Promise<string>;
  readonly digest: Promise<string | undefined>;
} {
  const memory = ringMemory();
  const slots = new SlotEmptier(memory);
  const filled = new Promise<string>(resolve => {
    const heard = (message: string): void => {
      if (message === 'ring') slots.rung();
      else {
        fillerThread.off('message', heard);
        resolve(message);
      }
    };
    fillerThread.on('message', heard);
  });
  fillerThread.postMessage({ memory, chunks } satisfies FillOrder);
  return { slots, filled, digest: hasher.call('digest', { memory }) };
}

test('what is filled in comes out and is hashed, in order, whoever is slower', async () => {
  const chunk = fc.record({
    size: fc.integer({ min: 1, max: 700_000 }),
    pause: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ max: 3, min: 1 }) }),
  });
  const pauses = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 40 }), pauses, async (chunks, readerPauses) => {
      const sent = Buffer.concat(chunks.map(({ size }, index) => chunkOf(size, index)));
      const { slots, filled, digest } = fill(chunks);
      const got: Buffer[] = [];
      for (let bytes = await slots.next(); bytes; bytes = await slots.next()) {
        got.push(Buffer.from(bytes));
        await setTimeout(readerPauses[got.length % readerPauses.length]);
        slots.emptied();
      }
      assert.ok(Buffer.concat(got).equals(sent));
      assert.equal(await digest, `sha256:${createHash('sha256').update(sent).digest('hex')}`);
      assert.equal(await filled, 'done');
    }),
    { numRuns: 40 },
  );
});

test('whoever waits, for room or for bytes, is told when nobody wants the rest', async () => {
  const { slots, filled, digest } = fill([{ size: 64 << 20, pause: 0 }]);
  await setTimeout(20);
  slots.abandon();
  assert.match(await filled, /nobody wants/);
  assert.equal(await digest, undefined);
  const late = fill([{ size: 10, pause: 100 }]);
  late.slots.abandon();
  assert.equal(await late.slots.next(), undefined);
  assert.equal(await late.digest, undefined);
  assert.match(await late.filled, /nobody wants/);
});

test('a stream without bytes ends', async () => {
  const { slots, filled, digest } = fill([]);
  assert.equal(await slots.next(), undefined);
  assert.equal(await digest, `sha256:${createHash('sha256').digest('hex')}`);
  assert.equal(await filled, 'done');
});
