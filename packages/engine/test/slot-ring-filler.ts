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
      filler.fill(chunkOf(size, index));
    }
    filler.end();
    parentPort?.postMessage('done');
  } catch (error) {
    parentPort?.postMessage((error as Error).message);
  }
});
