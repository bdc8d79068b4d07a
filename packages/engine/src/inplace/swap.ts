import { lstatSync, mkdirSync, rmdirSync } from 'node:fs';
import { codeOf } from '../model/error.js';
import { type BytePath, namesIn, onDisk } from './byte-paths.js';
import { type FolderMetadata, keepingTime, readMetadata, writeMetadata } from './folder-metadata.js';
import { isFolder, move } from './move.js';
import type { Pins } from './pins.js';

/** Where things are. All but `trash` on one file system. */
export interface SwapPlaces {
  /** The root in which steps run; `''` for `/`. */
  readonly live: BytePath;
  /** The root of the stage. */
  readonly stage: BytePath;
  /** An existing folder for the files that are in the live root otherwise. */
  readonly parked: BytePath;
  /** An existing folder for what belongs nowhere any more. */
  readonly trash: BytePath;
}

/** A folder of the live root that stays, because of what is in it; the rest of its content is swapped. */
export interface SharedFolder {
  /** `''` is the root itself. */
  readonly path: BytePath;
  /** Its own, to be given back. */
  readonly metadata: FolderMetadata;
}

/** Exchanges what is in a root with what is in a folder, by renaming. What stays by its pins is left out on both sides. */
export class Swap {
  readonly #places: SwapPlaces;
  readonly #pins: Pins;
  readonly #shared: Map<BytePath, SharedFolder>;
  #trashed = 0;

  /** `shared` are those of a swap that somebody else began. */
  constructor(places: SwapPlaces, pins: Pins, shared: readonly SharedFolder[] = []) {
    this.#places = places;
    this.#pins = pins;
    this.#shared = new Map(shared.map(folder => [folder.path, folder]));
  }

  /** Takes the root's own content away. `remember` is told of every shared folder before anything in it moves. */
  park(remember: (shared: readonly SharedFolder[]) => void): void {
    this.#park('', remember);
  }

  #park(path: BytePath, remember: (shared: readonly SharedFolder[]) => void): void {
    const { live, parked } = this.#places;
    this.#shared.set(path, { path, metadata: readMetadata(live + path) });
    remember([...this.#shared.values()]);
    if (!isFolder(parked + path)) mkdirSync(onDisk(parked + path), { mode: 0o700 });
    for (const name of namesIn(live + path)) {
      const at = `${path}/${name}`;
      if (this.#pins.stays(at)) continue;
      const holds = isFolder(live + at) ? this.#pins.holds(at) : 'never';
      if (holds === 'always' || (holds === 'perhaps' && !this.#renamed(live + at, parked + at)))
        this.#park(at, remember);
      else if (holds === 'never') move(live + at, parked + at);
    }
  }

  #renamed(from: BytePath, to: BytePath): boolean {
    try {
      return move(from, to);
    } catch {
      return false;
    }
  }

  /** Puts the stage's content into the root. */
  show(path: BytePath = ''): void {
    const { live, stage } = this.#places;
    const metadata = readMetadata(stage + path);
    for (const name of namesIn(stage + path)) {
      const at = `${path}/${name}`;
      if (this.#pins.stays(at)) continue;
      if (!this.#shared.has(at)) move(stage + at, live + at);
      // A link or file of the stage where the root has a folder that stays: it is not seen.
      else if (isFolder(stage + at)) this.show(at);
    }
    writeMetadata(live + path, metadata);
  }

  /** Takes the stage's content out again, with all that is new. */
  hide(path: BytePath = ''): void {
    const { live, stage } = this.#places;
    const metadata = readMetadata(live + path);
    for (const name of namesIn(live + path)) {
      const at = `${path}/${name}`;
      if (this.#pins.stays(at)) continue;
      if (this.#shared.has(at)) this.#hideShared(at);
      else if (!exists(stage + at)) move(live + at, stage + at);
      else this.#discard(live + at);
    }
    writeMetadata(stage + path, metadata);
  }

  #hideShared(at: BytePath): void {
    const { stage } = this.#places;
    if (!exists(stage + at) && this.#hasNew(at)) mkdirSync(onDisk(stage + at));
    if (isFolder(stage + at)) this.hide(at);
    // The stage has no place for it.
    else if (exists(stage + at)) this.#discardNew(at);
  }

  /** Whether there is anything in a folder that stays, however deep, but what stays itself. */
  #hasNew(path: BytePath): boolean {
    return namesIn(this.#places.live + path).some(name => {
      const at = `${path}/${name}`;
      return !this.#pins.stays(at) && (!this.#shared.has(at) || this.#hasNew(at));
    });
  }

  #discardNew(path: BytePath): void {
    for (const name of namesIn(this.#places.live + path)) {
      const at = `${path}/${name}`;
      if (this.#shared.has(at)) this.#discardNew(at);
      else if (!this.#pins.stays(at)) this.#discard(this.#places.live + at);
    }
  }

  /** Gives the root its own content back. What of it is there already stays. */
  restore(path: BytePath = ''): void {
    const { live, parked } = this.#places;
    for (const name of isFolder(parked + path) ? namesIn(parked + path) : []) {
      const at = `${path}/${name}`;
      if (this.#shared.has(at)) this.restore(at);
      else move(parked + at, live + at);
    }
    if (path !== '') removeEmpty(parked + path);
    const shared = this.#shared.get(path);
    if (shared) writeMetadata(live + path, shared.metadata);
  }

  /** Puts something out of the way. */
  #discard(path: BytePath): void {
    keepingTime(path.slice(0, path.lastIndexOf('/')) || '/', () => {
      while (exists(`${this.#places.trash}/${this.#trashed}`)) this.#trashed++;
      move(path, `${this.#places.trash}/${this.#trashed}`);
    });
  }
}

function exists(path: BytePath): boolean {
  return lstatSync(onDisk(path), { throwIfNoEntry: false }) !== undefined;
}

function removeEmpty(path: BytePath): void {
  try {
    rmdirSync(onDisk(path));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTEMPTY') throw error;
  }
}
