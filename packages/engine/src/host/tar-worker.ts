import { parentPort } from 'node:worker_threads';
import { verifyStream } from '@varve/oci';
import { gunzip } from '../layer/compress/gunzip.js';
import { gunzipAtOnce } from '../layer/compress/gunzip-at-once.js';
import { youngGarbageCollector } from '../sys/young-garbage.js';
import { portChannel } from './channel.js';
import { chunkSize, GrowingFiles } from './growing-file.js';
import type { BlobNote } from './protocol.js';
import { serve } from './rpc.js';
import { SlotFiller } from './slot-ring.js';
import type { TarMethods } from './tar-thread.js';

/** Bytes. */
const collectEvery = 4 << 20;
/** zlib holds on to buffers for long. */
const wholeEvery = 32;

/** The program of the thread: one layer at a time. */
async function main(port: NonNullable<typeof parentPort>): Promise<void> {
  const growing = new GrowingFiles();
  const inflate = gunzipAtOnce() ?? gunzip;
  const collect = youngGarbageCollector(wholeEvery);
  const input = Buffer.allocUnsafeSlow(chunkSize);
  await serve<TarMethods>(
    portChannel(port),
    {
      async read({ layer, blobPath, memory }, { signal, emit }) {
        const slots = new SlotFiller(memory, () => emit(undefined));
        // Nothing here holds a chunk of it while it asks for the next.
        const blob = growing.read(layer, blobPath, signal, input);
        // While a blob is being fetched, whoever fetches it verifies it.
        const verified = layer.growing ? blob : verifyStream(blob, layer.descriptor);
        let [before, garbage]: [ArrayBufferLike | undefined, number] = [undefined, 0];
        for await (const chunk of inflate(verified, () => slots.room())) {
          slots.fill(chunk);
          // Where all of it comes in the same memory, there is no garbage.
          if (chunk.buffer !== before) garbage += chunk.length;
          before = chunk.buffer;
          if (garbage < collectEvery) continue;
          garbage = 0;
          collect();
        }
        slots.end();
        return undefined;
      },
    },
    (name, value) => {
      if (name === 'blob') growing.note(value as BlobNote);
    },
  );
}

// What it rejects with ends the thread.
if (parentPort) void main(parentPort);
