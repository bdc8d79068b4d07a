import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UnpackedTree, UnpackedTrees } from '../plugin/snapshotter.js';
import { type FileLock, tryLock } from './lock.js';
import { removeFolder } from './remove-folder.js';
import { markUsed, type Store } from './store.js';

/** How long somebody who waits for a tree that another one makes sleeps before it looks again, in milliseconds. */
const patience = 10;

/**
 * Unpacked trees of a store: `unpacked/<hex>`, which appears by rename when it is complete, and beside it `<hex>.lock`, shared by all who
 * use the tree and held alone by who makes or removes it. The lock file holds the tree's size and the boot in which it was made; its time of
 * modification is that of the last use. Nothing is synced, so after a power cut files may be empty: a tree of another boot is made anew.
 */
export function openUnpacked(store: Store): UnpackedTrees {
  return {
    async take(name, make, signal) {
      mkdirSync(folderOf(store), { recursive: true, mode: 0o700 });
      const dir = join(folderOf(store), createHash('sha256').update(name).digest('hex'));
      // Whoever uses a tree holds its lock for as long as a stage takes: to wait for the lock alone where it can be shared is no good.
      for (;;) {
        signal.throwIfAborted();
        const shared = tryLock(`${dir}.lock`, 'shared');
        if (shared && isWhole(dir)) return taken(dir, shared);
        shared?.release();
        const own = tryLock(`${dir}.lock`);
        if (own) return await made(dir, own, make);
        await sleep(patience, undefined, { signal });
      }
    },
  };
}

async function made(dir: string, own: FileLock, make: (dir: string) => Promise<number>): Promise<UnpackedTree> {
  try {
    if (!isWhole(dir)) {
      rmSync(dir, { recursive: true, force: true });
      writeFileSync(`${dir}.lock`, `${await fill(dir, make)} ${thisBoot()}`);
    }
    own.share();
    return taken(dir, own);
  } catch (error) {
    own.release();
    throw error;
  }
}

function isWhole(dir: string): boolean {
  return existsSync(dir) && readFileSync(`${dir}.lock`, 'utf8').split(' ')[1] === thisBoot();
}

/** Where that cannot be told, all boots are one. */
function thisBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function taken(dir: string, held: FileLock): UnpackedTree {
  markUsed(`${dir}.lock`);
  return { dir, release: () => held.release() };
}

async function fill(dir: string, make: (dir: string) => Promise<number>): Promise<number> {
  const making = `${dir}.making`;
  // What a maker that was killed has left.
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { mode: 0o700 });
  try {
    const bytes = await make(making);
    renameSync(making, dir);
    return bytes;
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
}

/** A tree that is kept, for listing and pruning. */
export interface KeptTree {
  readonly hex: string;
  /** Bytes of its files. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly lastUsed: number;
}

export function listUnpacked(store: Store): readonly KeptTree[] {
  return lockedNames(store).flatMap(hex => {
    if (!existsSync(join(folderOf(store), hex))) return [];
    const file = join(folderOf(store), `${hex}.lock`);
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat ? [{ hex, size: Number.parseInt(readFileSync(file, 'utf8'), 10) || 0, lastUsed: stat.mtimeMs }] : [];
  });
}

/** Removes a tree; false where somebody uses it, or has since `limit` (milliseconds since the epoch). */
export async function removeUnpacked(store: Store, hex: string, limit: number): Promise<boolean> {
  const dir = join(folderOf(store), hex);
  const own = tryLock(`${dir}.lock`);
  if (!own) return false;
  try {
    const stat = statSync(`${dir}.lock`, { throwIfNoEntry: false });
    if (stat && stat.mtimeMs >= limit) return false;
    // Half a tree must never have its name.
    if (existsSync(dir)) renameSync(dir, `${dir}.making`);
    await removeFolder(`${dir}.making`);
    rmSync(`${dir}.lock`, { force: true });
    return true;
  } finally {
    own.release();
  }
}

/** Removes what makers left that were killed. */
export async function removeHalfUnpacked(store: Store): Promise<void> {
  for (const hex of lockedNames(store)) {
    const dir = join(folderOf(store), hex);
    if (!existsSync(`${dir}.making`)) continue;
    const own = tryLock(`${dir}.lock`);
    if (!own) continue;
    try {
      await removeFolder(`${dir}.making`);
      if (!existsSync(dir)) rmSync(`${dir}.lock`, { force: true });
    } finally {
      own.release();
    }
  }
}

function lockedNames(store: Store): readonly string[] {
  if (!existsSync(folderOf(store))) return [];
  return readdirSync(folderOf(store)).flatMap(name => (name.endsWith('.lock') ? [name.slice(0, -5)] : []));
}

function folderOf(store: Store): string {
  return join(store.dir, 'unpacked');
}
