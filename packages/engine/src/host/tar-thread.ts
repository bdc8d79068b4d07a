import { Worker } from 'node:worker_threads';
import type { Bytes } from '../model/bytes.js';
import { workerChannel } from './channel.js';
import type { BlobNote, LayerInputParams } from './protocol.js';
import { type Caller, createCaller } from './rpc.js';

/** What the thread does. Its notes: `blob` as hosts get them, and `free` with a slot that was read. */
export type TarMethods = {
  /** Reads a layer's tar into the slots of `memory`, telling of each that is filled, in order. */
  read: {
    params: { readonly layer: LayerInputParams; readonly blobPath: string; readonly memory: SharedArrayBuffer };
    result: undefined;
    event: { readonly slot: number; readonly length: number };
  };
};

/** What zlib gives at once fits into one slot; with fewer slots, inflating waits for unpacking and unpacking for inflating. */
export const slotSize = 1 << 18;
export const slotCount = 8;

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
    const memory = new SharedArrayBuffer(slotSize * slotCount);
    const filled: { readonly slot: number; readonly length: number }[] = [];
    let wake = (): void => undefined;
    const abandoned = new AbortController();
    let isDone = false;
    const call = caller.call(
      'read',
      { layer, blobPath, memory },
      {
        signal: AbortSignal.any([signal, abandoned.signal]),
        onEvent(event) {
          filled.push(event);
          wake();
        },
      },
    );
    const done = call.finally(() => {
      isDone = true;
      wake();
    });
    done.catch(() => undefined);
    try {
      for (;;) {
        const next = filled.shift();
        if (next) {
          yield new Uint8Array(memory, next.slot * slotSize, next.length);
          caller.note('free', next.slot);
        } else if (isDone) break;
        else
          await new Promise<void>(resolve => {
            wake = resolve;
          });
      }
      await done;
    } finally {
      abandoned.abort();
      await done.catch(() => undefined);
    }
  }

  note(note: BlobNote): void {
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

/** It holds a few buffers and no data. */
const limits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64, stackSizeMb: 1 };
