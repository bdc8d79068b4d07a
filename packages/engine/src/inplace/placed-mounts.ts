import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { followInRoot, onDisk as inRoot } from '../executor/path-in-root.js';
import { codeOf, VarveError } from '../model/error.js';
import type { StepMount } from '../model/process.js';
import { setTimes } from '../sys/times.js';
import { bytePath, namesIn } from './byte-paths.js';
import { copyTree } from './copy-tree.js';
import { keepingTime } from './folder-metadata.js';
import type { Deed, Journal } from './journal.js';
import { isMemory } from './memory.js';
import type { Pins } from './pins.js';

export interface MountPlaces {
  readonly live: string;
  /** Existing folders: what mounts hide meanwhile, and what is to be removed. */
  readonly covered: string;
  readonly trash: string;
}

/**
 * The mounts of a step where nothing can be mounted: files and folders that are put to their places and taken away again. A bind that may be
 * written to is the folder itself, renamed, so that what is written stays; one that may only be read is a copy, and what is written is gone.
 */
export class PlacedMounts {
  readonly #places: MountPlaces;
  readonly #pins: Pins;
  readonly #journal: Journal;
  readonly #undo: (() => void)[] = [];
  /** Folders that are in the root instead of where they belong. */
  readonly #lent = new Map<string, string>();
  #deeds: readonly Deed[] = [];
  #count = 0;

  constructor(places: MountPlaces, pins: Pins, journal: Journal) {
    this.#places = places;
    this.#pins = pins;
    this.#journal = journal;
  }

  /** Errors: `E_EXECUTOR_LACKS` where something of the container is in the way. */
  place(mount: StepMount): void {
    const { live } = this.#places;
    const found = followInRoot(live || '/', mount.target);
    const parts = [...found.existing, ...found.missing];
    const path = bytePath(`/${parts.join('/')}`);
    if (mount.kind === 'bind' && this.#pins.stays(path)) {
      this.#rewrite(mount);
      return;
    }
    if (this.#pins.stays(path) || this.#pins.holds(path) === 'always') throw inTheWay(mount.target);
    const target = inRoot(live, parts);
    try {
      for (let depth = found.existing.length; depth < parts.length - 1; depth++)
        this.#makeFolder(inRoot(live, parts.slice(0, depth + 1)));
      keepTime(dirname(target), () => {
        if (!this.#cover(target) && this.#isInLent(target)) this.#leaveMountPoint(mount, target);
        this.#put(mount, target);
      });
    } catch (error) {
      throw ['EROFS', 'EBUSY', 'EXDEV', 'EACCES'].includes(codeOf(error) ?? '') ? inTheWay(mount.target, error) : error;
    }
  }

  /** In the opposite order; what the step moved away stays where it is. */
  remove(): void {
    for (let undo = this.#undo.pop(); undo; undo = this.#undo.pop()) undo();
  }

  /** Nothing can be put in place of a file that is mounted; hosts can be added to one that may be written to. */
  #rewrite({ source, target }: Extract<StepMount, { kind: 'bind' }>): void {
    const path = `${this.#places.live}${target}`;
    if (target === '/etc/resolv.conf') return;
    if (target !== '/etc/hosts') throw inTheWay(target);
    const text = readFileSync(path, 'utf8');
    const { mtimeNs } = lstatSync(path, { bigint: true });
    const known = new Set(text.split('\n'));
    const added = readFileSync(source, 'utf8')
      .split('\n')
      .filter(line => line !== '' && !known.has(line));
    if (added.length === 0) return;
    this.#did({ kind: 'rewritten', path, text });
    try {
      writeFileSync(path, `${text.replace(/\n?$/, '\n')}${added.join('\n')}\n`);
    } catch (cause) {
      throw new VarveError('E_EXECUTOR_LACKS', 'the /etc/hosts of the container cannot be written to', { cause });
    }
    this.#undo.push(() => {
      writeFileSync(path, text);
      setTimes(path, mtimeNs);
    });
  }

  #makeFolder(path: string): void {
    keepTime(dirname(path), () => mkdirSync(path, { mode: 0o755 }));
    if (this.#isInLent(path)) return;
    this.#undoHere(path, () => {
      if (namesIn(bytePath(path)).length === 0) rmdirSync(path);
    });
  }

  /** Puts away what is at the target: it is there again when the step is over. False where there is nothing. */
  #cover(target: string): boolean {
    if (!lstatSync(target, { throwIfNoEntry: false })) return false;
    const aside = `${this.#places.covered}/${this.#count++}`;
    renameSync(target, aside);
    const parent = identity(dirname(target));
    this.#undo.push(() => {
      if (identity(dirname(target)) !== parent || identity(target) !== undefined) return;
      keepTime(dirname(target), () => renameSync(aside, target));
    });
    return true;
  }

  #isInLent(path: string): boolean {
    return [...this.#lent.values()].some(lent => path.startsWith(`${lent}/`));
  }

  /** A mount inside of another one leaves its mount point there, as it does where mounts are real. */
  #leaveMountPoint(mount: StepMount, target: string): void {
    const isFile = mount.kind === 'bind' && !statSync(this.#found(mount.source)).isDirectory();
    this.#undo.push(() => {
      if (identity(dirname(target)) === undefined || identity(target) !== undefined) return;
      if (isFile) writeFileSync(target, '', { flag: 'wx', mode: 0o644 });
      else mkdirSync(target, { mode: 0o755 });
    });
  }

  #put(mount: StepMount, target: string): void {
    const source = mount.kind === 'bind' ? this.#found(mount.source) : '';
    if (mount.kind === 'bind' && !mount.readOnly && source === mount.source && statSync(source).isDirectory()) {
      this.#lend(source, target);
      return;
    }
    if (mount.kind === 'tmpfs') {
      mkdirSync(target);
      chmodSync(target, mount.mode ?? 0o1777);
    } else if (isMemory(source) || (!mount.readOnly && source !== mount.source)) symlinkSync(source, target);
    else copyTree(bytePath(source), bytePath(target));
    this.#undoHere(target, () => this.#discard(target));
  }

  /** Where a source is now: an earlier mount of the step may have taken it along. */
  #found(source: string): string {
    const lent = [...this.#lent].find(([from]) => source === from || source.startsWith(`${from}/`));
    return lent ? `${lent[1]}${source.slice(lent[0].length)}` : source;
  }

  /** The folder itself where it can be renamed; else a copy, which takes its place afterwards. */
  #lend(source: string, target: string): void {
    const [from, to] = [bytePath(source), bytePath(target)];
    this.#did({ kind: 'borrowed', from, to });
    this.#lent.set(source, target);
    try {
      renameSync(source, target);
      this.#undoHere(target, () => renameSync(target, source));
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw error;
      copyTree(from, to);
      this.#undoHere(target, () => {
        copyTree(to, bytePath(`${source}.copy`));
        renameSync(source, `${source}.old`);
        renameSync(`${source}.copy`, source);
        rmSync(`${source}.old`, { recursive: true, force: true });
        this.#discard(target);
      });
    }
  }

  /** Undone only where there still is what was put there: a step may have put a link in place of a folder above. */
  #undoHere(path: string, undo: () => void): void {
    const own = identity(path);
    const parent = identity(dirname(path));
    this.#undo.push(() => {
      if (identity(dirname(path)) === parent && identity(path) === own) keepTime(dirname(path), undo);
    });
  }

  #discard(path: string): void {
    try {
      renameSync(path, `${this.#places.trash}/mount-${this.#count++}`);
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw error;
      rmSync(path, { recursive: true, force: true });
    }
  }

  #did(deed: Deed): void {
    this.#deeds = [...this.#deeds, deed];
    this.#journal.note({ deeds: this.#deeds });
  }
}

function inTheWay(target: string, cause?: unknown): VarveError {
  return new VarveError(
    'E_EXECUTOR_LACKS',
    `nothing can be mounted at ${target}: the container has something mounted there`,
    { hint: 'choose another target, or mount the volume of the container elsewhere', cause },
  );
}

function keepTime(dir: string, act: () => void): void {
  keepingTime(bytePath(dir), act);
}

/** Tells whether a path names the same file as before; undefined where there is none. */
function identity(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}
