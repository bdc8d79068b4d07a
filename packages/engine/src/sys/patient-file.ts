import { closeSync, openSync, write, writev, writevSync } from 'node:fs';
import { promisify } from 'node:util';
import { clock } from './clock.js';

/** Milliseconds that a write may keep this thread from all else. */
const longest = 50;

const writeElsewhere = promisify(write);
const writevElsewhere = promisify(writev);

/**
 * A new file that is written here and now: half a megabyte goes into the kernel's memory in a fifth of a millisecond, less than the way to another thread
 * and back takes. Once a disk has made this thread wait, others write the rest. Errors of all of it: those of the file system.
 */
export class PatientFile {
  readonly #fd: number;
  readonly #patience: number;
  #isSlow = false;
  #isOpen = true;

  /** @param flags as for `open`; the file's mode is 0600. @param patience milliseconds after which a disk is slow */
  constructor(path: string, flags: 'w' | 'wx', patience = longest) {
    this.#fd = openSync(path, flags, 0o600);
    this.#patience = patience;
  }

  /** Writes all of it. One call after the other. */
  async write(chunks: readonly Uint8Array[], size: number): Promise<void> {
    const written = this.#isSlow ? (await writevElsewhere(this.#fd, chunks)).bytesWritten : this.#writeNow(chunks);
    if (written === size) return;
    // A disk that is nearly full takes a part; the rest says why.
    const rest = Buffer.concat(chunks).subarray(written);
    for (let at = 0; at < rest.length; ) at += (await writeElsewhere(this.#fd, rest, at)).bytesWritten;
  }

  /** Once, at its end: a network's file system may say only now that it has no room. */
  close(): void {
    this.#isOpen = false;
    closeSync(this.#fd);
  }

  /** Lets go of it, unless it was closed. Whatever is wrong with it was told before. */
  [Symbol.dispose](): void {
    try {
      if (this.#isOpen) this.close();
    } catch {}
  }

  #writeNow(chunks: readonly Uint8Array[]): number {
    const began = clock();
    const written = writevSync(this.#fd, chunks);
    this.#isSlow = clock() - began > this.#patience;
    return written;
  }
}
