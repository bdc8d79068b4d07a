import { parentPort } from 'node:worker_threads';
import { verifyStream } from '@varve/oci';
import { gzipCompressor } from '../layer/compress/gzip.js';
import { youngGarbageCollector } from '../sys/young-garbage.js';
import { portChannel } from './channel.js';
import { GrowingFiles } from './growing-file.js';
import { layerTar } from './layer-tar.js';
import type { BlobNote } from './protocol.js';
import { serve } from './rpc.js';
import { slotCount, slotSize, type TarMethods } from './tar-thread.js';

/** Bytes. */
const collectEvery = 4 << 20;

/** Slots that nobody reads. */
class FreeSlots {
  readonly #free: number[];
  #wake = (): void => undefined;

  constructor(count: number) {
    this.#free = Array.from({ length: count }, (_, slot) => slot);
  }

  add(slot: number): void {
    this.#free.push(slot);
    this.#wake();
  }

  async take(signal: AbortSignal): Promise<number> {
    for (;;) {
      signal.throwIfAborted();
      const slot = this.#free.shift();
      if (slot !== undefined) return slot;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}

/** The program of the thread: one layer at a time. */
async function main(port: NonNullable<typeof parentPort>): Promise<void> {
  const growing = new GrowingFiles();
  let slots = new FreeSlots(slotCount);
  const compressor = gzipCompressor({ level: 6 });
  const collect = youngGarbageCollector();
  await serve<TarMethods>(
    portChannel(port),
    {
      async read({ layer, blobPath, memory }, { signal, emit }) {
        slots = new FreeSlots(slotCount);
        const blob = growing.read(layer, blobPath, signal);
        // While a blob is being fetched, whoever fetches it verifies it.
        const verified = layer.growing ? blob : verifyStream(blob, layer.descriptor);
        let passed = 0;
        for await (const chunk of layerTar(verified, layer, compressor)) {
          for (let at = 0; at < chunk.length; at += slotSize) {
            const piece = chunk.subarray(at, at + slotSize);
            const slot = await slots.take(signal);
            new Uint8Array(memory, slot * slotSize, piece.length).set(piece);
            emit({ slot, length: piece.length });
          }
          passed += chunk.length;
          if (passed < collectEvery) continue;
          passed = 0;
          collect();
        }
        return undefined;
      },
    },
    (name, value) => {
      if (name === 'blob') growing.note(value as BlobNote);
      if (name === 'free') slots.add(value as number);
    },
  );
}

if (parentPort) await main(parentPort);
