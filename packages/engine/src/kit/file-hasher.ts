import { type Memory, type StatCalls, statCalls } from '../sys/stat-calls.js';
import { statWords } from '../sys/statx.js';
import { type ContentHash, type ContentHashId, contentHash } from './content-hash.js';
import { packStat, row } from './stat-row.js';

const bufferSize = 1024 * 1024;
const mostTries = 3;

/** Hashes files through one buffer. */
export class FileHasher {
  /** What statx(2) said of the file that was hashed last, when its content was the one hashed. */
  readonly row = new Uint32Array(row.words);
  readonly #hash: ContentHash;
  readonly #calls: StatCalls = statCalls();
  readonly #buffer = new Uint8Array(bufferSize);
  readonly #bufferAt: number;
  readonly #stat = new Uint32Array(statWords);
  readonly #statAt: number;
  readonly #after = new Uint32Array(row.words);

  constructor(id: ContentHashId) {
    this.#hash = contentHash(id);
    this.#bufferAt = this.#calls.address(this.#buffer);
    this.#statAt = this.#calls.address(new Uint8Array(this.#stat.buffer));
  }

  /**
   * The hash of a file's content, by a name in an open directory or by a path; undefined where there is no such file any more or it
   * does not stop changing. `exact` makes sure that it is one version of the file.
   */
  hash(dir: number | undefined, name: Memory, exact: boolean): Uint8Array | undefined {
    const fd = this.#calls.openFile(dir, name);
    if (fd < 0) return undefined;
    try {
      return exact ? this.#oneVersion(fd) : this.#read(fd);
    } finally {
      this.#calls.close(fd);
    }
  }

  #oneVersion(fd: number): Uint8Array | undefined {
    this.#look(fd, this.row);
    for (let tries = 0; tries < mostTries; tries++) {
      if (tries > 0) this.#calls.rewind(fd);
      const hash = this.#read(fd);
      this.#look(fd, this.#after);
      if (hash === undefined || this.row.every((word, i) => word === this.#after[i])) return hash;
      this.row.set(this.#after);
    }
    return undefined;
  }

  #look(fd: number, into: Uint32Array): void {
    this.#calls.statOpen(fd, this.#statAt);
    packStat(this.#stat, into, 0);
  }

  #read(fd: number): Uint8Array | undefined {
    let length = this.#calls.read(fd, this.#bufferAt, bufferSize);
    if (length < 0) return undefined;
    if (length < bufferSize) {
      // A short read of a regular file is its end, but for one that is being written: one more read tells.
      const more = this.#calls.read(fd, this.#bufferAt + length, bufferSize - length);
      if (more === 0) return this.#hash.of(this.#buffer.subarray(0, length));
      if (more < 0) return undefined;
      length += more;
    }
    const running = this.#hash.start();
    while (length > 0) {
      running.update(this.#buffer.subarray(0, length));
      length = this.#calls.read(fd, this.#bufferAt, bufferSize);
    }
    return length < 0 ? undefined : running.digest();
  }
}
