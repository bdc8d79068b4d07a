import { closeSync, constants, linkSync, lstatSync, openSync, readdirSync, symlinkSync, writeSync } from 'node:fs';
import { codeOf } from '../../model/error.js';
import type { FileEntry } from '../../model/file-entry.js';
import type { TreePath } from '../../model/path.js';
import type { LayerEntry } from '../../model/toc.js';
import { bytesToPath, isPlainPath, onDisk, pathToBytes } from '../../path/bytes.js';
import { childPath, isIn, isWithin, parentOf } from '../../path/name.js';
import { isNotPermitted } from '../../sys/errno.js';
import { makeDevice, makeFifo } from '../../sys/nodes.js';
import { Stats } from '../../sys/stats.js';
import { invalidLayer } from '../invalid.js';
import type { LayerVisitor } from '../visitor.js';
import { Directories, makeDirectory, unmentioned } from './directories.js';
import {
  applyXattrs,
  dropXattrs,
  isMasked,
  lookAtOpenFile,
  modeOnDisk,
  type OwnDefaults,
  ownDefaults,
  type Settling,
  settleOpenFile,
  settlePath,
} from './metadata.js';
import type { UnpackObserver } from './observer.js';
import { Written } from './written.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const newFile = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;

/** Lays the entries of one layer on a directory, as they go by. `finish` when it was read to its end, `close` in any case. */
export class Unpacker implements LayerVisitor {
  /** Entries of paths whose metadata on disk are not what the layer says, because this process may not make them so. */
  readonly masked = new Map<TreePath, FileEntry>();
  readonly #dir: string;
  readonly #own: OwnDefaults;
  readonly #stats = new Stats();
  readonly #settling: Settling;
  readonly #observer: UnpackObserver;
  readonly #directories: Directories;
  readonly #written = new Written();
  /** Names of files that got another name: their ctime has moved since they were written. */
  readonly #linked = new Set<TreePath>();
  /** A file that was what it had to be without being mended, and where. */
  #right: { readonly dir: TreePath; readonly entry: FileEntry } | undefined;
  #open: { readonly fd: number; readonly path: TreePath; readonly entry: FileEntry } | undefined;

  constructor(dir: string, canChown: boolean, observer: UnpackObserver) {
    this.#dir = dir;
    this.#own = ownDefaults(canChown);
    this.#settling = { own: this.#own, stats: this.#stats };
    this.#observer = observer;
    this.#directories = new Directories(dir, observer, (path, entry) => this.#placeDirectory(path, entry));
  }

  begin(item: LayerEntry): void {
    if (item.kind === 'whiteout') this.#whiteout(item.path);
    else if (item.kind === 'opaque') this.#clearLower(item.path);
    else this.#write(item.path, item.entry, item.linkTo);
  }

  #write(path: TreePath, entry: FileEntry, linkTo: TreePath | undefined): void {
    if (path !== '') this.#directories.prepareParent(path);
    if (linkTo !== undefined) this.#placeLink(path, entry, linkTo);
    else if (entry.type === 'directory') this.#placeDirectory(path, entry);
    else if (entry.type === 'file') this.#openFile(path, entry);
    else this.#placeSpecial(path, entry);
    this.#written.add(path);
  }

  data(chunk: Uint8Array): void {
    if (this.#open === undefined) return;
    for (let at = 0; at < chunk.length; ) at += writeSync(this.#open.fd, chunk, at, chunk.length - at);
  }

  end(): void {
    const open = this.#open;
    if (open === undefined) return;
    const { fd, path, entry } = open;
    settleOpenFile(fd, path, entry, this.#own);
    if (this.#observer.evidence || !this.#isKnown(path, entry)) {
      const isRight = lookAtOpenFile(fd, path, entry, this.#settling);
      this.#right = isRight ? { dir: parentOf(path), entry } : undefined;
    }
    if (this.#setXattrs(path, entry) && this.#observer.evidence) this.#stats.open(fd);
    closeSync(fd);
    this.#open = undefined;
    this.#observer.evidence?.(path, this.#stats.words);
  }

  /** Whether a file need not be looked at: one with this mode and owner was created in the same directory, and what a file gets there this one gets too. */
  #isKnown(path: TreePath, { mode, uid, gid }: FileEntry): boolean {
    if (this.#right === undefined) return false;
    const { dir, entry } = this.#right;
    return entry.mode === mode && entry.uid === uid && entry.gid === gid && isIn(dir, path);
  }

  /** Gives directories their times and reports what could not be known before. */
  finish(): void {
    this.#directories.finish();
    for (const path of this.#linked) {
      if (this.#stats.path(onDisk(this.#dir, path))) this.#observer.evidence?.(path, this.#stats.words);
    }
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #openFile(path: TreePath, entry: FileEntry): void {
    const place = onDisk(this.#dir, path);
    const mode = modeOnDisk(entry, this.#own) & 0o777;
    const fd = this.#inEmptyPlace(path, () => openSync(place, newFile, mode));
    this.#open = { fd, path, entry };
    this.#place(path, entry);
    if (isMasked(entry, this.#own)) this.masked.set(path, entry);
  }

  #placeDirectory(path: TreePath, entry: FileEntry): void {
    this.#right = undefined;
    const place = onDisk(this.#dir, path);
    const mode = modeOnDisk(entry, this.#own) & 0o777;
    const isNew = this.#inEmptyPlace(path, () => makeDirectory(place, mode));
    settlePath(place, path, entry, this.#settling);
    if (!isNew) dropXattrs(place, entry.xattrs);
    this.#directories.add(path, entry.mtimeNs);
    this.#place(path, entry);
    this.#setXattrs(path, entry);
    if (isMasked(entry, this.#own)) this.masked.set(path, entry);
  }

  #placeSpecial(path: TreePath, entry: FileEntry): void {
    const place = onDisk(this.#dir, path);
    const isReal = this.#inEmptyPlace(path, () => makeSpecial(place, entry, this.#own));
    this.#place(path, entry);
    const onDiskNow = isReal ? entry : ({ ...entry, type: 'file' } as const);
    settlePath(place, path, onDiskNow, this.#settling);
    if (this.#setXattrs(path, entry)) this.#stats.path(place);
    if (!isReal || (entry.type !== 'symlink' ? isMasked(entry, this.#own) : isForeign(entry, this.#own))) {
      this.masked.set(path, entry);
    }
    this.#observer.evidence?.(path, this.#stats.words);
  }

  #placeLink(path: TreePath, entry: FileEntry, linkTo: TreePath): void {
    const [place, target] = [onDisk(this.#dir, path), onDisk(this.#dir, linkTo)];
    const isInside = this.#directories.isReal(parentOf(linkTo));
    const found = isInside ? lstatSync(target, { throwIfNoEntry: false }) : undefined;
    if (found === undefined || found.isDirectory()) {
      throw invalidLayer(`a hard link to ${JSON.stringify(linkTo)}, which is no file of this root`, path);
    }
    this.#inEmptyPlace(path, () => {
      try {
        linkSync(target, place);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') throw invalidLayer('a hard link to something below itself', path, error);
        throw error;
      }
    });
    this.#place(path, entry, linkTo);
    const masked = this.masked.get(linkTo);
    if (masked !== undefined) this.masked.set(path, masked);
    this.#linked.add(path).add(linkTo);
  }

  /** Tells of an entry; called when it is there and before its evidence. */
  #place(path: TreePath, entry: FileEntry, linkTo?: TreePath): void {
    this.masked.delete(path);
    this.#observer.placed?.(path, entry, linkTo);
  }

  /** Does what creates a path; where something else is in its place, that is removed first. */
  #inEmptyPlace<T>(path: TreePath, create: () => T): T {
    try {
      return create();
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    this.#remove(path);
    return create();
  }

  #remove(path: TreePath): void {
    this.#directories.remove(path);
    this.masked.delete(path);
    if (this.#written.hasBelow(path)) {
      for (const known of this.masked.keys()) if (isWithin(path, known)) this.masked.delete(known);
    }
    this.#written.forget(path);
  }

  #setXattrs(path: TreePath, entry: FileEntry): boolean {
    if (entry.xattrs === undefined) return false;
    if (!applyXattrs(onDisk(this.#dir, path), entry.xattrs)) this.masked.set(path, entry);
    return true;
  }

  #whiteout(path: TreePath): void {
    if (path === '') throw invalidLayer('a whiteout of the root');
    if (!this.#directories.isReal(parentOf(path))) return;
    if (this.#written.hasBelow(path)) {
      this.#clearLower(path);
      if (!this.#written.has(path)) this.#placeDirectory(path, unmentioned);
    } else if (!this.#written.has(path)) this.#remove(path);
    else if (this.#directories.isReal(path)) this.#clearLower(path);
  }

  /** Removes what lower layers put into a directory, and keeps what this one did. */
  #clearLower(path: TreePath): void {
    if (!this.#directories.isReal(path)) return;
    for (const name of readdirSync(onDisk(this.#dir, path), { encoding: 'buffer' })) {
      const child = childPath(path, bytesToPath(name));
      if (this.#written.hasBelow(child)) {
        this.#clearLower(child);
        if (!this.#written.has(child)) this.#placeDirectory(child, unmentioned);
      } else if (!this.#written.has(child)) this.#remove(child);
      else if (this.#directories.isReal(child)) this.#clearLower(child);
    }
  }
}

function isForeign(entry: FileEntry, own: OwnDefaults): boolean {
  return !own.canChown && (entry.uid !== own.uid || entry.gid !== own.gid);
}

/** Creates a link, pipe or device. Gives false where a plain file had to stand in for a device that is not permitted here. */
function makeSpecial(place: string | Buffer, entry: FileEntry, own: OwnDefaults): boolean {
  const mode = modeOnDisk(entry, own) & 0o777;
  if (entry.type === 'symlink') {
    const target = entry.linkTarget ?? '';
    symlinkSync(isPlainPath(target) ? target : pathToBytes(target), place);
    return true;
  }
  if (entry.type === 'fifo') {
    makeFifo(place, mode);
    return true;
  }
  const type = entry.type === 'block' ? 'block' : 'char';
  try {
    makeDevice(place, type, mode, entry.device ?? { major: 0, minor: 0 });
    return true;
  } catch (error) {
    if (!isNotPermitted(error)) throw error;
    closeSync(openSync(place, newFile, mode));
    return false;
  }
}
