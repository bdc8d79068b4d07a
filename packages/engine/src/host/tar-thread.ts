import { Worker } from 'node:worker_threads';
import type { Bytes } from '../model/bytes.js';
import { workerChannel } from './channel.js';
import type { BlobNote, LayerInputParams } from './protocol.js';
import { type Caller, createCaller } from './rpc.js';
import { ringMemory, SlotRing } from './slot-ring.js';

/** What the thread does. Its notes: `blob` as hosts get them, and `ring` for the {@link SlotRing}. */
export type TarMethods = {
  /** Reads a layer's tar into `memory`. Its event rings. */
  read: {
    params: { readonly layer: LayerInputParams; readonly blobPath: string; readonly memory: SharedArrayBuffer };
    result: undefined;
    event: undefined;
  };
};

/**
 * Inflates and verifies layers in a thread of its own, so that whoever unpacks them writes files meanwhile. The bytes come in memory that
 * both share: a chunk is valid until the next is asked for.
 */
export class TarThread {
  #worker: Worker | undefined;
  #caller: Caller<TarMethods> | undefined;

  /** Errors: those of reading, inflating and verifying the layer. */
  async *read(layer: LayerInputParams, blobPath: string, known: BlobNote | undefined, signal: AbortSignal): Bytes {
    const caller = this.#start();
    if (known) caller.note('blob', known);
    const memory = ringMemory();
    const ring = new SlotRing(memory, () => caller.note('ring', undefined));
    const abandoned = new AbortController();
    let isDone = false;
    const call = caller.call(
      'read',
      { layer, blobPath, memory },
      { signal: AbortSignal.any([signal, abandoned.signal]), onEvent: () => ring.rung() },
    );
    const done = call.finally(() => {
      isDone = true;
      ring.rung();
    });
    done.catch(() => undefined);
    try {
      for (let bytes = await ring.next(() => isDone); bytes; bytes = await ring.next(() => isDone)) {
        yield bytes;
        ring.emptied();
      }
      await done;
    } finally {
      abandoned.abort();
      await done.catch(() => undefined);
    }
  }

  /** Tells of a blob that is being fetched; of one that is large, it will be asked to read it, so it starts. */
  note(note: BlobNote): void {
    if (note.state === 'growing' && note.available > worthThread) this.#start();
    this.#caller?.note('blob', note);
  }

  /** Ends the thread; the next layer starts another one. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = this.#caller = undefined;
    await worker?.terminate();
  }

  #start(): Caller<TarMethods> {
    if (this.#caller) return this.#caller;
    this.#worker = new Worker(new URL('./tar-worker.js', import.meta.url), { resourceLimits: limits });
    let reason = 'the thread that inflates layers ended';
    this.#worker.on('error', error => {
      reason = `the thread that inflates layers failed: ${error.message}`;
    });
    this.#caller = createCaller<TarMethods>(workerChannel(this.#worker), () => reason);
    return this.#caller;
  }
}

/** Layers of which a thread is started, in bytes of their blob: starting one takes as long as inflating this much. */
export const worthThread = 4 << 20;

/** It holds a few buffers and no data. */
const limits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64, stackSizeMb: 1 };
