import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { codeOf, VarveError } from '../model/error.js';
import type { TreePath } from '../model/path.js';
import type { StepMount } from '../model/process.js';
import { setTimes } from '../sys/times.js';
import { followInRoot, onDisk } from './path-in-root.js';

/** What every executor mounts for itself, in every root. */
const ownTargets = ['/proc', '/sys', '/dev'] as const;

/** The mount points that were made for one step. */
export interface Mountpoints {
  /** Paths that did not exist before, parents first. Not part of the root as long as they stand. */
  readonly made: readonly TreePath[];
  /**
   * Takes away what was made, deepest first, unless the step put something of its own there. Folders keep the modification times
   * that the step left them with. Gives the paths that remain; these are the step's from now on.
   */
  remove(): readonly TreePath[];
}

/**
 * Makes the folders and files that a step's mounts and /proc, /sys and /dev need in a root. Never follows a link out of the root,
 * and leaves the modification times of parents as they were, to the nanosecond. Targets inside another mount are the executor's.
 * Errors: `E_MOUNTPOINT` where something of the wrong kind is in the way; nothing that was made stays then.
 */
export function prepareMountpoints(rootDir: string, mounts: readonly StepMount[]): Mountpoints {
  const made: Made[] = [];
  const covered: string[] = [];
  try {
    for (const target of ownTargets) covered.push(prepareOwn(rootDir, target, made));
    for (const mount of mounts) {
      const path = prepareOne(rootDir, mount, { made, covered });
      if (path !== undefined) covered.push(path);
    }
  } catch (error) {
    removeMade(rootDir, made);
    throw error;
  }
  return { made: made.map(item => item.path), remove: () => removeMade(rootDir, made) };
}

interface Made {
  readonly path: TreePath;
  readonly kind: 'directory' | 'file';
}

function prepareOwn(rootDir: string, target: string, made: Made[]): string {
  const found = followInRoot(rootDir, target);
  const path = [...found.existing, ...found.missing].join('/');
  // A linked /proc would let an image choose what is masked.
  if (path !== target.slice(1)) {
    throw new VarveError('E_MOUNTPOINT', `cannot mount ${target}: it is a link in the image`);
  }
  make(rootDir, { found, kind: 'directory', target }, made);
  return path;
}

function prepareOne(
  rootDir: string,
  mount: StepMount,
  state: { readonly made: Made[]; readonly covered: readonly string[] },
): string | undefined {
  const found = followInRoot(rootDir, mount.target);
  const path = [...found.existing, ...found.missing].join('/');
  if (path === '') throw new VarveError('E_MOUNTPOINT', `cannot mount over the root (${mount.target})`);
  if (state.covered.some(outer => path === outer || path.startsWith(`${outer}/`))) return undefined;
  const kind = mount.kind === 'tmpfs' || statSync(mount.source).isDirectory() ? 'directory' : 'file';
  make(rootDir, { found, kind, target: mount.target }, state.made);
  return path;
}

interface Wanted {
  readonly found: ReturnType<typeof followInRoot>;
  readonly kind: Made['kind'];
  readonly target: string;
}

function make(rootDir: string, wanted: Wanted, made: Made[]): void {
  const { found, kind, target } = wanted;
  const isDirectory = found.stats.isDirectory();
  if (found.missing.length === 0) {
    if (isDirectory !== (kind === 'directory')) {
      throw new VarveError(
        'E_MOUNTPOINT',
        `cannot mount a ${kind} at ${target}: it is ${isDirectory ? 'a' : 'not a'} directory in the image`,
      );
    }
    return;
  }
  if (!isDirectory) {
    throw new VarveError('E_MOUNTPOINT', `cannot mount at ${target}: /${found.existing.join('/')} is not a directory`);
  }
  const parts = [...found.existing];
  for (const [index, name] of found.missing.entries()) {
    const parent = onDisk(rootDir, parts);
    parts.push(name);
    const last = index === found.missing.length - 1;
    keepingMtime(parent, () => create(onDisk(rootDir, parts), last ? kind : 'directory'));
    made.push({ path: parts.join('/'), kind: last ? kind : 'directory' });
  }
}

function create(path: string, kind: Made['kind']): void {
  if (kind === 'directory') {
    mkdirSync(path);
    chmodSync(path, 0o755);
  } else {
    closeSync(openSync(path, 'wx', 0o644));
    chmodSync(path, 0o644);
  }
}

function removeMade(rootDir: string, made: readonly Made[]): readonly TreePath[] {
  const kept: TreePath[] = [];
  for (const item of made.toReversed()) {
    const path = onDisk(rootDir, [item.path]);
    const parent = onDisk(rootDir, item.path.split('/').slice(0, -1));
    try {
      if (isAsMade(rootDir, item))
        keepingMtime(parent, () => (item.kind === 'directory' ? rmdirSync(path) : unlinkSync(path)));
      else kept.unshift(item.path);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOTEMPTY' || code === 'EEXIST') kept.unshift(item.path);
      else if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    }
  }
  return kept;
}

/**
 * Whether a made path is still of its kind and reached without a link (the step may have put one in place of a parent, leading
 * anywhere); a file must be empty, a folder is left to rmdir.
 */
function isAsMade(rootDir: string, item: Made): boolean {
  const { existing, stats } = followInRoot(rootDir, item.path);
  if (existing.join('/') !== item.path) return false;
  return item.kind === 'directory' ? stats.isDirectory() : stats.isFile() && stats.size === 0;
}

function keepingMtime(dir: string, act: () => void): void {
  const { mtimeNs } = lstatSync(dir, { bigint: true });
  act();
  setTimes(dir, mtimeNs);
}
