import { writevSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { clock } from '../sys/clock.js';
import { youngGarbageCollector } from '../sys/young-garbage.js';
import { storeError } from './store.js';

/** Bytes that are written at once: sockets give 64 KiB at a time, and each write is a call, and word to those who read the file. */
const batchSize = 1 << 19;
/** Bytes after which the memory of what was written is given back. */
const collectEvery = 4 << 20;
/** Milliseconds that a write may keep this thread from all else. */
const longest = 50;

/**
 * Writes what arrives in batches, and tells how far the file is. A batch goes into the kernel's memory in a fifth of a millisecond, less
 * than the way to another thread and back takes: it is written here and now, until a disk has made this thread wait for once.
 */
export class BatchWriter {
  readonly #file: FileHandle;
  readonly #storeDir: string;
  readonly #advance: (size: number) => void;
  readonly #collect = youngGarbageCollector();
  readonly #patience: number;
  #isSlow = false;
  #held: Uint8Array[] = [];
  #size = 0;
  #sinceCollected = 0;

  constructor(file: FileHandle, storeDir: string, advance: (size: number) => void, patience = longest) {
    this.#file = file;
    this.#storeDir = storeDir;
    this.#advance = advance;
    this.#patience = patience;
  }

  /** True where it is time to flush. */
  take(chunk: Uint8Array): boolean {
    this.#held.push(chunk);
    this.#size += chunk.length;
    return this.#size >= batchSize;
  }

  /** Errors: `E_STORE`, `E_STORE_FULL`. */
  async flush(): Promise<void> {
    const [chunks, size] = [this.#held, this.#size];
    this.#held = [];
    this.#size = 0;
    if (size === 0) return;
    await this.#write(chunks, size).catch(cause => {
      throw storeError(this.#storeDir, cause);
    });
    this.#advance(size);
    this.#sinceCollected += size;
    if (this.#sinceCollected < collectEvery) return;
    this.#sinceCollected = 0;
    this.#collect();
  }

  async #write(chunks: readonly Uint8Array[], size: number): Promise<void> {
    const written = this.#isSlow ? (await this.#file.writev(chunks)).bytesWritten : this.#writeNow(chunks);
    if (written === size) return;
    // A disk that is nearly full takes a part; the rest says why.
    const rest = Buffer.concat(chunks).subarray(written);
    for (let at = 0; at < rest.length; ) at += (await this.#file.write(rest, at)).bytesWritten;
  }

  #writeNow(chunks: readonly Uint8Array[]): number {
    const began = clock();
    const written = writevSync(this.#file.fd, chunks);
    this.#isSlow = clock() - began > this.#patience;
    return written;
  }
}
