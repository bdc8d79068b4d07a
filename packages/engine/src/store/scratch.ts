import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readlinkSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { detachMount } from '../sys/mount.js';
import { type FileLock, lock, tryLock } from './lock.js';
import { mountsBelow } from './mounts-below.js';
import { removeFolder } from './remove-folder.js';
import { inStore, type Store } from './store.js';
import { removeHalfUnpacked } from './unpacked.js';

/**
 * A build's own folder, gone with the build. As long as it is open, the build counts as running: what it has used since
 * it began is not pruned. Everything that writes to the store holds one.
 */
export interface Scratch extends AsyncDisposable {
  readonly dir: string;
  /** A new, empty folder below it. */
  folder(purpose: string): string;
  /**
   * A path beside another one that nobody uses, for what will be renamed. What is still there when the build is over goes with its folder, also
   * where the build was killed.
   */
  beside(path: string): string;
  /** Somebody who outlives the build removes its folder (`removeIfLeft`): disposing only lets it go. */
  leave(): void;
}

/** Links in a build's folder to what it makes in other places. */
const elsewhere = 'elsewhere-';

/**
 * Makes the folder of a build, and removes in the background what dead builds left: their folders, with mounts in them detached
 * first, and their unfinished files. Disposing waits for that. Errors: `E_STORE`, `E_STORE_FULL`.
 */
export function openScratch(store: Store): Scratch {
  const { dir, held } = makeFolder(store);
  // What cannot be removed now is tried again by every later build; it is no reason to fail this one.
  const cleaned = removeDeadBuilds(store).catch(() => []);
  let folders = 0;
  let isLeft = false;
  return {
    dir,
    folder(purpose) {
      const path = join(dir, `${purpose}-${folders++}`);
      inStore(store.dir, () => mkdirSync(path, { mode: 0o700 }));
      return path;
    },
    beside(path) {
      const name = `.${basename(path).slice(0, 20)}.${randomBytes(8).toString('hex')}.tmp`;
      const other = resolve(dirname(path), name);
      inStore(store.dir, () => symlinkSync(other, join(dir, `${elsewhere}${folders++}`)));
      return other;
    },
    leave() {
      isLeft = true;
    },
    async [Symbol.asyncDispose]() {
      await cleaned;
      if (!isLeft) {
        await removeTree(dir);
        rmSync(`${dir}.lock`, { force: true });
      }
      held.release();
    },
  };
}

function makeFolder(store: Store): { readonly dir: string; readonly held: FileLock } {
  return inStore(store.dir, () => {
    for (;;) {
      const dir = join(store.scratchDir, `${process.pid}-${randomBytes(6).toString('hex')}`);
      const held = tryLock(`${dir}.lock`);
      // Somebody who looks for dead builds may hold the new lock for a moment.
      if (!held) continue;
      mkdirSync(dir, { mode: 0o700 });
      return { dir, held };
    }
  });
}

/** When the oldest running build began, in milliseconds since the epoch; undefined where none is running. */
export function oldestRunningBuild(store: Store): number | undefined {
  const starts: number[] = [];
  for (const file of lockFiles(store)) {
    const began = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    const dead = began === undefined ? undefined : tryLock(file);
    if (dead) dead.release();
    else if (began !== undefined) starts.push(began);
  }
  return starts.length === 0 ? undefined : Math.min(...starts);
}

/** Removes what builds left that no longer run. Gives what could not be removed. */
export async function removeDeadBuilds(store: Store): Promise<readonly string[]> {
  const left: string[] = [];
  const names = readdirSync(store.scratchDir);
  const folders = new Set(names.map(name => name.replace(/\.lock$/, '')));
  for (const folder of folders) {
    const dir = join(store.scratchDir, folder);
    if (!(await removeIfDead(dir).catch(() => false))) left.push(dir);
  }
  await removeUnfinished(store);
  await removeHalfUnpacked(store);
  return left;
}

/** Removes the folder of a build that left it, once that has let it go: for which it has so many milliseconds. */
export async function removeIfLeft(dir: string, patience: number): Promise<void> {
  const left = await lock(`${dir}.lock`, AbortSignal.timeout(patience)).catch(() => undefined);
  if (left) await removeUnder(left, dir);
}

/** False where it could not be removed; true also where its build is running. */
async function removeIfDead(dir: string): Promise<boolean> {
  // A build makes its lock before its folder and removes it after it, so a folder without one is nobody's.
  const dead = tryLock(`${dir}.lock`);
  return dead === undefined || (await removeUnder(dead, dir));
}

/** Removes a build's folder and its lock, which is held. False where it could not be removed. */
async function removeUnder(held: FileLock, dir: string): Promise<boolean> {
  try {
    const removed = await removeTree(dir);
    if (removed) rmSync(`${dir}.lock`, { force: true });
    return removed;
  } finally {
    held.release();
  }
}

/** Files in `ingest` older than every running build are what dead ones were writing. */
async function removeUnfinished(store: Store): Promise<void> {
  const oldest = oldestRunningBuild(store) ?? Date.now();
  for (const name of readdirSync(store.ingestDir)) {
    const file = join(store.ingestDir, name);
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat && stat.mtimeMs < oldest) await removeFolder(file);
  }
}

function lockFiles(store: Store): readonly string[] {
  const names = readdirSync(store.scratchDir).filter(name => name.endsWith('.lock'));
  return names.map(name => join(store.scratchDir, name));
}

/** Removes the folder of a build, with all that is in it or that it made elsewhere, but never what is mounted there: false where a mount cannot be detached. */
async function removeTree(dir: string): Promise<boolean> {
  if (!statSync(dir, { throwIfNoEntry: false })) return true;
  const real = realpathSync(dir);
  for (const point of mountsBelow(real)) {
    try {
      detachMount(point);
    } catch {
      return false;
    }
  }
  if (mountsBelow(real).length > 0) return false;
  for (const name of readdirSync(dir)) {
    if (!name.startsWith(elsewhere)) continue;
    // A folder that is gone, or that is not ours any more, keeps nobody from removing the rest.
    await removeFolder(readlinkSync(join(dir, name))).catch(() => undefined);
  }
  await removeFolder(dir);
  return true;
}
