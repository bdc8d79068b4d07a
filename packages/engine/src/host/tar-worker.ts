import { parentPort } from 'node:worker_threads';
import { verifyStream } from '@varve/oci';
import { gzipCompressor } from '../layer/compress/gzip.js';
import { youngGarbageCollector } from '../sys/young-garbage.js';
import { portChannel } from './channel.js';
import { GrowingFiles } from './growing-file.js';
import { layerTar } from './layer-tar.js';
import type { BlobNote } from './protocol.js';
import { serve } from './rpc.js';
import { SlotRing } from './slot-ring.js';
import type { TarMethods } from './tar-thread.js';

/** Bytes. */
const collectEvery = 4 << 20;

/** The program of the thread: one layer at a time. */
async function main(port: NonNullable<typeof parentPort>): Promise<void> {
  const growing = new GrowingFiles();
  let ring: SlotRing | undefined;
  const compressor = gzipCompressor({ level: 6 });
  const collect = youngGarbageCollector();
  await serve<TarMethods>(
    portChannel(port),
    {
      async read({ layer, blobPath, memory }, { signal, emit }) {
        const slots = new SlotRing(memory, () => emit(undefined));
        signal.addEventListener('abort', () => slots.rung(), { once: true });
        ring = slots;
        const blob = growing.read(layer, blobPath, signal);
        // While a blob is being fetched, whoever fetches it verifies it.
        const verified = layer.growing ? blob : verifyStream(blob, layer.descriptor);
        let passed = 0;
        for await (const chunk of layerTar(verified, layer, compressor)) {
          await slots.fill(chunk, signal);
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
      if (name === 'ring') ring?.rung();
    },
  );
}

// What it rejects with ends the thread.
if (parentPort) void main(parentPort);
