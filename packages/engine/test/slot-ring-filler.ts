// Fills rings for slot-ring.test.ts: a thread that does so blocks.
import { parentPort } from 'node:worker_threads';
import { SlotFiller } from '../src/host/slot-ring.js';

export interface FillOrder {
  readonly memory: SharedArrayBuffer;
  readonly chunks: readonly { readonly size: number; readonly pause: number }[];
}

/** What a chunk consists of. */
export function chunkOf(size: number, index: number): Buffer {
  return Buffer.alloc(size, index + 1);
}

parentPort?.on('message', ({ memory, chunks }: FillOrder) => {
  const filler = new SlotFiller(memory, () => parentPort?.postMessage('ring'));
  try {
    for (const [index, { size, pause }] of chunks.entries()) {
      if (pause > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
      const chunk = chunkOf(size, index);
      const room = filler.room();
      // Every other one that fits is made where it will lie.
      const liesThere = index % 2 === 1 && size > 0 && size <= room.length;
      if (liesThere) chunk.copy(room);
      filler.fill(liesThere ? room.subarray(0, size) : chunk);
    }
    filler.end();
    parentPort?.postMessage('done');
  } catch (error) {
    parentPort?.postMessage((error as Error).message);
  }
});
