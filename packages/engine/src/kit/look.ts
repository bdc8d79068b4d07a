import type { FileEntry } from '../model/file-entry.js';
import { systemError } from '../sys/index.js';
import { statCalls, zeroEnded } from '../sys/stat-calls.js';
import { statWords } from '../sys/statx.js';
import { entryOnDisk } from './changed-entry.js';
import { inodeOfRow, packStat, row } from './stat-row.js';

/** A path as it is on disk. */
export interface Seen {
  readonly entry: FileEntry;
  /** Equal for names of one file. */
  readonly inode: string;
  /** How many names the file system says it has. */
  readonly links: number;
}

const ENOENT = 2;
const ENOTDIR = 20;

/** Looks at paths on disk, links not followed. Holds memory for the calls, so one looker serves many looks. */
export class Looker {
  readonly #calls = statCalls();
  readonly #stat = new Uint32Array(statWords);
  readonly #bytes = new Uint8Array(this.#stat.buffer);
  readonly #row = new Uint32Array(row.words);

  /** Undefined where there is nothing, or nothing that a layer can hold (a socket). Errors: those of the file system. */
  look(place: string | Buffer): Seen | undefined {
    if (!this.#isThere(place)) return undefined;
    const entry = entryOnDisk(place, this.#row, 0);
    return entry && { entry, inode: inodeOfRow(this.#row, 0), links: this.#row[row.nlink] as number };
  }

  /** Only what tells the files apart, and how many names they have. */
  names(place: string | Buffer): Pick<Seen, 'inode' | 'links'> | undefined {
    if (!this.#isThere(place)) return undefined;
    return { inode: inodeOfRow(this.#row, 0), links: this.#row[row.nlink] as number };
  }

  #isThere(place: string | Buffer): boolean {
    const bytes = typeof place === 'string' ? Buffer.from(place) : place;
    const result = this.#calls.stat(currentFolder, zeroEnded(bytes), this.#bytes);
    if (result === -ENOENT || result === -ENOTDIR) return false;
    if (result < 0) throw systemError('statx', -result, String(place));
    packStat(this.#stat, this.#row, 0);
    return true;
  }
}

/** AT_FDCWD; the paths are absolute anyway. */
const currentFolder = -100;
