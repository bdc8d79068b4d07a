import type { PatientFile } from '../sys/patient-file.js';
import { youngGarbageCollector } from '../sys/young-garbage.js';
import { storeError } from './store.js';

/** Bytes that are written at once: sockets give 64 KiB at a time, and each write is a call, and word to those who read the file. */
const batchSize = 1 << 19;
/** Bytes after which the memory of what was written is given back. */
const collectEvery = 4 << 20;

/** Writes what arrives in batches, and tells how far the file is. */
export class BatchWriter {
  readonly #file: PatientFile;
  readonly #storeDir: string;
  readonly #advance: (size: number) => void;
  readonly #collect = youngGarbageCollector();
  #held: Uint8Array[] = [];
  #size = 0;
  #sinceCollected = 0;

  constructor(file: PatientFile, storeDir: string, advance: (size: number) => void) {
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
    await this.#file.write(chunks, size).catch(cause => {
      throw storeError(this.#storeDir, cause);
    });
    this.#advance(size);
    this.#sinceCollected += size;
    if (this.#sinceCollected < collectEvery) return;
    this.#sinceCollected = 0;
    this.#collect();
  }
}
