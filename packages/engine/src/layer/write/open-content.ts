import { constants } from 'node:os';
import type { FileContent } from '../../model/change.js';
import { pathToBytes } from '../../path/bytes.js';
import { systemError } from '../../sys/index.js';
import { type StatCalls, statCalls, zeroEnded } from '../../sys/stat-calls.js';
import { statWords, statxAt } from '../../sys/statx.js';

const { errno } = constants;
const gone: ReadonlySet<number> = new Set([errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO]);

/** What tells a file from what it was: its size, and when it was last changed. */
export interface FileVersion {
  readonly size: number;
  /** mtime and ctime as statx(2) has them. */
  readonly times: Uint32Array;
}

/** Opens files for reading. One look, one open and one close are most of what a small file costs, so they are the bare system calls. */
export class ContentReader {
  readonly #calls: StatCalls = statCalls();
  readonly #stat = new Uint32Array(statWords);
  readonly #statAt: number;

  constructor() {
    this.#statAt = this.#calls.address(new Uint8Array(this.#stat.buffer));
  }

  /**
   * Undefined where there is no such file any more (nothing there, or something that is no file). No link is followed, and a pipe that
   * took the file's place does not block. Errors: those of the file system.
   */
  open(content: Extract<FileContent, { kind: 'path' }>): OpenContent | undefined {
    const { path } = content;
    const fd = this.#calls.openFile(undefined, zeroEnded(typeof path === 'string' ? pathToBytes(path) : path));
    if (fd < 0) {
      if (gone.has(-fd)) return undefined;
      throw systemError('open', -fd, path);
    }
    const opened = this.version(fd);
    const isFile = ((this.#stat[statxAt.mode] as number) & 0o170000) === 0o100000;
    if (isFile) return new OpenContent(fd, opened, this, this.#calls);
    this.#calls.close(fd);
    return undefined;
  }

  /** What the kernel says of an open file now. */
  version(fd: number): FileVersion {
    const result = this.#calls.statOpen(fd, this.#statAt);
    if (result < 0) throw systemError('statx', -result);
    const size = (this.#stat[statxAt.size] as number) + (this.#stat[statxAt.size + 1] as number) * 2 ** 32;
    return { size, times: this.#stat.slice(statxAt.ctime, statxAt.mtime + 3) };
  }
}

/** A file that is open for reading from its beginning. */
export class OpenContent {
  /** What the kernel said of it when it was opened. */
  readonly opened: FileVersion;
  readonly #fd: number;
  readonly #reader: ContentReader;
  readonly #calls: StatCalls;

  constructor(fd: number, opened: FileVersion, reader: ContentReader, calls: StatCalls) {
    this.#fd = fd;
    this.opened = opened;
    this.#reader = reader;
    this.#calls = calls;
  }

  version(): FileVersion {
    return this.#reader.version(this.#fd);
  }

  /** Reads on until `into` is full or the file is at its end; tells how many bytes there were. */
  read(into: Uint8Array): number {
    let filled = 0;
    while (filled < into.length) {
      const count = this.#calls.read(this.#fd, into.subarray(filled), into.length - filled);
      if (count < 0) throw systemError('read', -count);
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  /** Back to the beginning. */
  rewind(): void {
    this.#calls.rewind(this.#fd);
  }

  close(): void {
    this.#calls.close(this.#fd);
  }
}

/** Whether a file was left alone between two looks at it. */
export function isSameVersion(a: FileVersion, b: FileVersion): boolean {
  return a.size === b.size && a.times.every((word, i) => word === b.times[i]);
}
