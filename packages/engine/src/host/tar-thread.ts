import type { Bytes } from '../model/bytes.js';
import { checkDiffId } from './layer-tar.js';
import { ProgramThread } from './program-thread.js';
import type { BlobNote, LayerInputParams } from './protocol.js';
import { ringMemory, SlotEmptier } from './slot-ring.js';

/** They hold a few buffers and no data. */
const limits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64, stackSizeMb: 1 };

/** What the thread that inflates does. Its notes: `blob`, as hosts get them. */
export type TarMethods = {
  /** Reads a layer's tar into `memory`. Its event rings. */
  read: {
    params: { readonly layer: LayerInputParams; readonly blobPath: string; readonly memory: SharedArrayBuffer };
    result: undefined;
    event: undefined;
  };
};

/** What the thread that hashes does. */
export type HashMethods = {
  /** The SHA-256 of a tar that goes through `memory`; undefined where its reading was given up. */
  digest: { params: { readonly memory: SharedArrayBuffer }; result: string | undefined; event: undefined };
};

/**
 * Inflates and verifies layers in threads of their own, so that whoever unpacks them writes files meanwhile: one inflates, the other hashes
 * the tar, which takes half as long. The bytes come in memory that all share: a chunk is valid until the next is asked for. One layer
 * at a time.
 */
export class TarThread {
  readonly #inflating = new ProgramThread<TarMethods>('tar-worker', 'inflates layers', { resourceLimits: limits });
  readonly #hashing = new ProgramThread<HashMethods>('hash-worker', 'hashes layers', { resourceLimits: limits });

  /** Errors: those of reading, inflating and verifying the layer. */
  async *read(layer: LayerInputParams, blobPath: string, known: BlobNote | undefined, signal: AbortSignal): Bytes {
    const inflating = this.#inflating.start();
    if (known) inflating.note('blob', known);
    const memory = ringMemory();
    const slots = new SlotEmptier(memory);
    const abandon = (): void => slots.abandon();
    signal.addEventListener('abort', abandon, { once: true });
    const digest = this.#hashing.start().call('digest', { memory });
    const read = inflating.call('read', { layer, blobPath, memory }, { signal, onEvent: () => slots.rung() });
    // Where one of them fails, the other one stops.
    const both = Promise.all([digest, read]);
    both.catch(abandon);
    try {
      for (let bytes = await slots.next(); bytes; bytes = await slots.next()) {
        yield bytes;
        slots.emptied();
      }
      checkDiffId(layer, (await both)[0]);
    } finally {
      abandon();
      signal.removeEventListener('abort', abandon);
      await Promise.allSettled([digest, read]);
    }
  }

  /** Tells of a blob that is being fetched; of one that is large, it will be asked to read it, so it starts. */
  note(note: BlobNote): void {
    if (note.state === 'growing' && note.available > worthThread) this.#inflating.start();
    this.#inflating.caller?.note('blob', note);
  }

  /** Ends the threads; the next layer starts others. */
  async close(): Promise<void> {
    await Promise.all([this.#inflating.close(), this.#hashing.close()]);
  }
}

/** Layers of which threads are started, in bytes of their blob: starting them takes as long as inflating this much. */
export const worthThread = 4 << 20;
