import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { ringMemory, SlotRing } from '../src/host/slot-ring.js';

/** Two ends of one ring, which ring each other as messages between threads would: later. */
function twoEnds(): { readonly filler: SlotRing; readonly emptier: SlotRing } {
  const memory = ringMemory();
  const filler: SlotRing = new SlotRing(memory, () => void setImmediate().then(() => emptier.rung()));
  const emptier: SlotRing = new SlotRing(memory, () => void setImmediate().then(() => filler.rung()));
  return { filler, emptier };
}

const never = new AbortController().signal;

test('what is filled in comes out, in order, whoever is slower', async () => {
  const chunk = fc.record({ size: fc.integer({ min: 1, max: 700_000 }), pauses: fc.integer({ min: 0, max: 3 }) });
  const pauses = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 40 }), pauses, async (chunks, readerPauses) => {
      const { filler, emptier } = twoEnds();
      const sent = chunks.map(({ size }, index) => Buffer.alloc(size, index + 1));
      let isDone = false;
      const writing = (async () => {
        for (const [index, bytes] of sent.entries()) {
          for (let i = chunks[index]?.pauses ?? 0; i > 0; i--) await setImmediate();
          await filler.fill(bytes, never);
        }
        isDone = true;
        emptier.rung();
      })();
      const got: Buffer[] = [];
      for (let bytes = await emptier.next(() => isDone); bytes; bytes = await emptier.next(() => isDone)) {
        got.push(Buffer.from(bytes));
        for (let i = readerPauses[got.length % readerPauses.length] ?? 0; i > 0; i--) await setImmediate();
        emptier.emptied();
      }
      await writing;
      assert.ok(Buffer.concat(got).equals(Buffer.concat(sent)));
    }),
    { numRuns: 60 },
  );
});

test('whoever waits for a free slot is told when nobody wants the rest', async () => {
  const { filler } = twoEnds();
  const abort = new AbortController();
  abort.signal.addEventListener('abort', () => filler.rung());
  const writing = filler.fill(Buffer.alloc(64 << 20), abort.signal);
  await setImmediate();
  abort.abort(new Error('enough'));
  await assert.rejects(writing, /enough/);
});
