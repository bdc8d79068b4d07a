import { closeSync, openSync, readSync } from 'node:fs';
import type { Bytes } from '../model/bytes.js';
import { codeOf, VarveError } from '../model/error.js';
import type { BlobInput, BlobNote } from './protocol.js';

/** Large reads beat small ones; from a quarter of a megabyte on the gain is small, and the garbage grows. */
export const chunkSize = 1 << 18;

/** Follows the notes about blobs that are being fetched, so that a reader can wait for bytes that are not there yet. */
export class GrowingFiles {
  readonly #notes = new Map<string, BlobNote>();
  readonly #waiting = new Map<string, Set<() => void>>();

  note(note: BlobNote): void {
    this.#notes.set(note.digest, note);
    const waiting = this.#waiting.get(note.digest);
    this.#waiting.delete(note.digest);
    for (const wake of waiting ?? []) wake();
  }

  /** What was told last of a blob. */
  known(digest: string): BlobNote | undefined {
    return this.#notes.get(digest);
  }

  /**
   * The bytes of a blob, as they arrive. With `memory` they come in there: each chunk is valid until the next is asked for, and as large as
   * that, but for the last. Errors: `E_BLOB_FETCH` when the fetch failed (whoever fetches has the reason),
   * `E_BLOB_MISSING` when the file is gone.
   */
  async *read(blob: BlobInput, finalPath: string, signal: AbortSignal, memory?: Buffer): Bytes {
    const { digest, size } = blob.descriptor;
    // The file of a blob that is being fetched is there once its first bytes are.
    if (blob.growing && size > 0) await this.#available(blob, 0, signal);
    const file = openEither(blob, finalPath);
    try {
      for (let position = 0; position < size; ) {
        const wanted = memory === undefined ? position : Math.min(position + memory.length, size) - 1;
        const available = blob.growing ? await this.#available(blob, wanted, signal) : size;
        const chunk = chunkOf(available - position, memory);
        const read = readSync(file, chunk, 0, chunk.length, position);
        if (read === 0)
          throw new VarveError('E_BLOB_DAMAGED', `the store's copy of ${digest} is shorter than it should be`, {
            hint: 'run the build again',
          });
        position += read;
        yield chunk.subarray(0, read);
      }
      if (blob.growing) await this.#finished(digest, signal);
    } finally {
      closeSync(file);
    }
  }

  /** Waits until there is something behind `position`, a number of bytes. */
  async #available(blob: BlobInput, position: number, signal: AbortSignal): Promise<number> {
    const { digest, size } = blob.descriptor;
    for (;;) {
      signal.throwIfAborted();
      const note = this.#notes.get(digest);
      if (note?.state === 'failed') throw fetchFailed(digest);
      const available = note?.state === 'done' ? size : Math.max(note?.available ?? 0, blob.growing?.available ?? 0);
      if (available > position) return available;
      await this.#next(digest, signal);
    }
  }

  /** The last bytes count only once the fetch has verified them all. */
  async #finished(digest: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const state = this.#notes.get(digest)?.state;
      if (state === 'done') return;
      if (state === 'failed') throw fetchFailed(digest);
      await this.#next(digest, signal);
    }
  }

  #next(digest: string, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const waiting = this.#waiting.get(digest) ?? new Set();
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        waiting.delete(wake);
        resolve();
      };
      this.#waiting.set(digest, waiting.add(wake));
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

function chunkOf(length: number, memory: Buffer | undefined): Buffer {
  return memory?.subarray(0, length) ?? Buffer.allocUnsafe(Math.min(chunkSize, length));
}

function openEither({ growing, descriptor }: BlobInput, final: string): number {
  for (const path of growing ? [growing.path, final] : [final]) {
    try {
      return openSync(path, 'r');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      // It was finished, and moved to its place, in between; or dropped, because it was wrong.
    }
  }
  if (growing) throw fetchFailed(descriptor.digest);
  throw new VarveError('E_BLOB_MISSING', `the store no longer has ${descriptor.digest}`, {
    hint: 'run the build again',
  });
}

function fetchFailed(digest: string): VarveError {
  return new VarveError('E_BLOB_FETCH', `${digest} could not be fetched`);
}
