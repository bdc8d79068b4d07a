import type { FileHandle } from 'node:fs/promises';
import { youngGarbageCollector } from '../sys/young-garbage.js';
import { storeError } from './store.js';

/** Bytes that are written at once: sockets give 64 KiB at a time, and each write is a way to another thread and back. */
const batchSize = 1 << 19;
/** Bytes after which the memory of what was written is given back. */
const collectEvery = 4 << 20;

/** Writes what arrives in batches, and tells how far the file is. */
export class BatchWriter {
  readonly #file: FileHandle;
  readonly #storeDir: string;
  readonly #advance: (size: number) => void;
  readonly #collect = youngGarbageCollector();
  #held: Uint8Array[] = [];
  #size = 0;
  #sinceCollected = 0;

  constructor(file: FileHandle, storeDir: string, advance: (size: number) => void) {
    this.#file = file;
    this.#storeDir = storeDir;
    this.#advance = advance;
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
    await writeAll(this.#file, chunks, size).catch(cause => {
      throw storeError(this.#storeDir, cause);
    });
    this.#advance(size);
    this.#sinceCollected += size;
    if (this.#sinceCollected < collectEvery) return;
    this.#sinceCollected = 0;
    this.#collect();
  }
}

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[], size: number): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten === size) return;
  // A disk that is nearly full takes a part; the rest says why.
  const rest = Buffer.concat(chunks).subarray(bytesWritten);
  for (let at = 0; at < rest.length; ) at += (await file.write(rest, at)).bytesWritten;
}
