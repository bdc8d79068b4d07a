import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { FileContent } from '../../model/change.js';
import { codeOf } from '../../model/error.js';

/** A pipe that took a file's place must not block us, a link must not be followed. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file that is open for reading from its beginning. */
export class OpenContent {
  /** What the kernel said of it when it was opened. */
  readonly opened: BigIntStats;
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
    this.opened = this.stat();
  }

  stat(): BigIntStats {
    return fstatSync(this.#fd, { bigint: true });
  }

  /** Reads until `into` is full or the file is at its end; tells how many bytes there were. */
  read(into: Buffer, position: number): number {
    let filled = 0;
    while (filled < into.length) {
      const count = readSync(this.#fd, into, filled, into.length - filled, position + filled);
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Opens a file's content; undefined where there is no such file any more (nothing there, or something that is no file). */
export function openContent(content: Extract<FileContent, { kind: 'path' }>): OpenContent | undefined {
  let fd: number;
  try {
    fd = openSync(typeof content.path === 'string' ? content.path : Buffer.from(content.path), flags);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENXIO') return undefined;
    throw error;
  }
  const file = new OpenContent(fd);
  if (file.opened.isFile()) return file;
  file.close();
  return undefined;
}

/** Whether a file was left alone between two looks at it. */
export function isSameVersion(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}
