import { lstatSync, mkdirSync, rmSync, unlinkSync } from 'node:fs';
import { codeOf } from '../../model/error.js';
import type { FileEntry } from '../../model/file-entry.js';
import type { TreePath } from '../../model/path.js';
import { onDisk } from '../../path/bytes.js';
import { isIn, isWithin, parentOf } from '../../path/name.js';
import { Stats } from '../../sys/stats.js';
import { setTimes } from '../../sys/times.js';
import { typeOfMode } from '../../tree/node-entry.js';
import { invalidLayer } from '../invalid.js';
import type { UnpackObserver } from './observer.js';

/** Metadata of a directory that a layer forgot to mention, the same in every loader. */
export const unmentioned: FileEntry = { type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtimeNs: 0n };

interface Directory {
  /** The time it is to have in the end. */
  mtimeNs: bigint;
  /** Whether something was put in or taken out, so that the kernel has moved its time. */
  touched: boolean;
}

/**
 * The directories of a root that are known to be directories, component by component, so that nothing is ever written through a
 * link. Each is looked at once; whoever removes one says so here. Nobody else may change the root meanwhile.
 */
export class Directories {
  readonly #dir: string;
  readonly #known = new Map<TreePath, Directory>();
  readonly #stats = new Stats();
  readonly #observer: UnpackObserver;
  readonly #make: (path: TreePath, entry: FileEntry) => void;
  /** A directory that is known and touched, the last one that something was put into: most often the next thing goes there too. */
  #last: TreePath | undefined;

  /** `make` creates a directory that a layer forgot to mention. */
  constructor(dir: string, observer: UnpackObserver, make: (path: TreePath, entry: FileEntry) => void) {
    this.#dir = dir;
    this.#observer = observer;
    this.#make = make;
    if (!this.#verify('')) throw invalidLayer('the root to unpack to is no directory');
  }

  /** Makes sure that the directory above a path is there and is one; something else in its place gives way. */
  prepareParent(path: TreePath): void {
    if (this.#last !== undefined && isIn(this.#last, path)) return;
    const parent = parentOf(path);
    const known = this.#known.get(parent);
    if (known !== undefined) {
      known.touched = true;
      this.#last = parent;
      return;
    }
    this.prepareParent(parent);
    if (!this.#verify(parent)) {
      this.remove(parent);
      this.#make(parent, unmentioned);
    }
    this.prepareParent(path);
  }

  /** Whether a path is a directory that no link leads to. Creates nothing. */
  isReal(path: TreePath): boolean {
    if (this.#known.has(path)) return true;
    return this.isReal(parentOf(path)) && this.#verify(path);
  }

  /** Says that a path is a directory now, with the time that it is to have in the end. */
  add(path: TreePath, mtimeNs: bigint): void {
    this.#known.set(path, { mtimeNs, touched: true });
  }

  /** Removes a path with all below it; nothing happens where there is none. The directory above must be real. */
  remove(path: TreePath): void {
    const place = onDisk(this.#dir, path);
    try {
      unlinkSync(place);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      if (codeOf(error) !== 'EISDIR' && codeOf(error) !== 'EPERM') throw error;
      rmSync(place, { recursive: true });
    }
    const parent = this.#known.get(parentOf(path));
    if (parent !== undefined) parent.touched = true;
    this.#forget(path);
    this.#observer.removed?.(path);
  }

  /** Gives every touched directory its time, and reports its evidence. */
  finish(): void {
    for (const [path, directory] of this.#known) {
      if (!directory.touched) continue;
      const place = onDisk(this.#dir, path);
      setTimes(place, directory.mtimeNs);
      if (this.#observer.evidence && this.#stats.path(place)) this.#observer.evidence(path, this.#stats.words);
    }
  }

  #verify(path: TreePath): boolean {
    const isThere = this.#stats.path(onDisk(this.#dir, path));
    if (!isThere || typeOfMode(this.#stats.mode) !== 'directory') return false;
    this.#known.set(path, { mtimeNs: this.#stats.mtimeNs, touched: false });
    return true;
  }

  #forget(path: TreePath): void {
    if (!this.#known.has(path)) return;
    this.#last = undefined;
    for (const known of this.#known.keys()) if (isWithin(path, known)) this.#known.delete(known);
  }
}

/** Creates a directory on disk. Gives false where one is there already; throws where something else is. */
export function makeDirectory(place: string | Buffer, mode: number): boolean {
  try {
    mkdirSync(place, mode);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && lstatSync(place).isDirectory()) return false;
    throw error;
  }
}
