import { systemError } from './errno.js';
import { pathArgument } from './libc.js';
import { statCalls } from './stat-calls.js';
import { statWords, statxAt } from './statx.js';

const ENOENT = 2;
const ENOTDIR = 20;

/** Looks at files with statx(2), into one piece of memory: what a look found is there until the next one. Makes no garbage. */
export class Stats {
  /** A `struct statx`; see `statxAt`. */
  readonly words = new Uint32Array(statWords);
  readonly #calls = statCalls();
  readonly #address = this.#calls.address(new Uint8Array(this.words.buffer));

  /** Looks at a path, links not followed; false where there is nothing. Errors: those of the file system. */
  path(place: string | Uint8Array): boolean {
    const result = this.#calls.stat(undefined, pathArgument(place), this.#address);
    if (result === -ENOENT || result === -ENOTDIR) return false;
    if (result < 0) throw systemError('statx', -result, place);
    return true;
  }

  /** Looks at an open file. Errors: those of the file system. */
  open(fd: number): void {
    const result = this.#calls.statOpen(fd, this.#address);
    if (result < 0) throw systemError('statx', -result);
  }

  /** `st_mode`: type and permission bits. */
  get mode(): number {
    return (this.words[statxAt.mode] as number) & 0xffff;
  }

  get uid(): number {
    return this.words[statxAt.uid] as number;
  }

  get gid(): number {
    return this.words[statxAt.gid] as number;
  }

  /** Nanoseconds since 1970. */
  get mtimeNs(): bigint {
    const { words } = this;
    const high = BigInt((words[statxAt.mtime + 1] as number) | 0) * 0x1_0000_0000n;
    return (
      (high + BigInt(words[statxAt.mtime] as number)) * 1_000_000_000n + BigInt(words[statxAt.mtime + 2] as number)
    );
  }
}
