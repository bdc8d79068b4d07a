import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { bindMount, detachMount, mountOverlay, unmount } from '@varve/engine/kit';
import { codeOf, VarveError } from '@varve/engine/plugin';
import type { OverlayOptions } from './options.js';

/** The folders of an overlay that is written to; `lower` from the uppermost down. */
export interface WritableOverlay {
  readonly lower: readonly string[];
  readonly upper: string;
  readonly work: string;
}

/**
 * Ways to mount, best first. `index` keeps hard links of lower layers together, `redirect_dir` lets a directory be renamed without copying
 * it; a user namespace allows neither, and keeps its marks in `user.*` attributes. `metacopy` is off: a layer needs the contents.
 */
const ways: readonly (readonly string[])[] = [
  ['index=on', 'redirect_dir=on', 'metacopy=off'],
  ['index=off', 'redirect_dir=on', 'metacopy=off'],
  ['index=off', 'redirect_dir=off', 'metacopy=off'],
  ['index=off', 'userxattr'],
];
/**
 * The kernel then syncs nothing: neither what a step asks it to, nor the whole file system, other programs' files too, when a mount is taken
 * away. A root does not outlive its process, and so no power cut. Linux 5.10.
 */
const unsynced = 'volatile';
/** Redirects of earlier steps have to be followed. */
const readingWays: readonly (readonly string[])[] = [['redirect_dir=follow'], ['userxattr']];

/** What a mount that is written to can do. */
export interface MountedOverlay {
  /** Hard links of lower layers stay together when one of their names is written to. */
  readonly keepsLinks: boolean;
  /** Where the kernel keeps its marks. */
  readonly attributes: 'trusted' | 'user';
}

/**
 * Mounts an overlay in the best way that works here. Errors: `E_OVERLAY`.
 *
 * A way that fails may have marked its work folder as used for itself, so each gets one of its own.
 */
export function mountForWriting(overlay: WritableOverlay, target: string, { index }: OverlayOptions): MountedOverlay {
  const allowed = index === 'off' ? ways.filter(way => !way.includes('index=on')) : ways;
  let failure: unknown;
  let busy = 0;
  for (const options of [...allowed.map(way => [...way, unsynced]), ...allowed]) {
    for (;;) {
      failure = mountFailure({ ...overlay, options }, target);
      if (codeOf(failure) !== 'EBUSY' || busy++ >= busyPatience) break;
      wait();
    }
    if (failure !== undefined) continue;
    // The kernel mounts without an index where the file system cannot hold one, and says so nowhere else.
    const attributes = options.includes('userxattr') ? 'user' : 'trusted';
    return { keepsLinks: existsSync(`${overlay.work}/index`), attributes };
  }
  throw cannotMount(target, failure);
}

/**
 * Milliseconds for which somebody may still have the mount whose upper folder is to be a lower one: mount namespaces of steps are copies of
 * this one, and are gone a moment after their processes. With an index the kernel takes no folder that is in use.
 */
const busyPatience = 2_000;

/** Tries one way; gives why it failed, with another work folder in place of the one that it may have marked. */
function mountFailure(overlay: WritableOverlay & { readonly options: readonly string[] }, target: string): unknown {
  try {
    mountOverlay(overlay, target);
    return undefined;
  } catch (error) {
    rmSync(overlay.work, { recursive: true, force: true });
    mkdirSync(overlay.work, { mode: 0o700 });
    return error;
  }
}

/** Shows lower folders, two at least, as one that cannot be written to. Errors: `E_OVERLAY`. */
export function mountForReading(lower: readonly string[], target: string): void {
  let failure: unknown;
  for (const options of readingWays) {
    try {
      mountOverlay({ lower, options }, target);
      return;
    } catch (error) {
      failure = error;
    }
  }
  throw cannotMount(target, failure);
}

/** Milliseconds that somebody who is writing has to get done. */
const patience = 50;

/**
 * Shows a mount at another place, and no longer where it was. A file that somebody has open is waited for, within reason: what is written to it
 * afterwards would be in no change set.
 */
export function moveAway(from: string, to: string): void {
  bindMount(from, to);
  for (let waited = 0; waited < patience; waited++) {
    try {
      unmount(from);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EBUSY') throw error;
    }
    wait();
  }
  detachMount(from);
}

/** A millisecond. */
function wait(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

/** Takes a mount away, if there is one. What still holds a file of it keeps that, but finds nobody new. */
export function takeAway(target: string): void {
  try {
    unmount(target);
  } catch (error) {
    if (codeOf(error) === 'EINVAL' || codeOf(error) === 'ENOENT') return;
    if (codeOf(error) !== 'EBUSY') throw error;
    detachMount(target);
  }
}

function cannotMount(target: string, cause: unknown): VarveError {
  return new VarveError('E_OVERLAY', `an overlay cannot be mounted at ${target}: ${(cause as Error).message}`, {
    hint: 'put the store on a file system that can hold overlays (ext4, xfs, btrfs, tmpfs), or build with --snapshot full',
    cause,
  });
}
