import type { FileEntry } from '../model/file-entry.js';
import { Stats } from '../sys/stats.js';
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

/** Looks at paths on disk, links not followed. Holds memory for the calls, so one looker serves many looks. */
export class Looker {
  readonly #stats = new Stats();
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
    if (!this.#stats.path(place)) return false;
    packStat(this.#stats.words, this.#row, 0);
    return true;
  }
}
