import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MountOwner } from '../plugin/instruction.js';
import { type FileLock, lock, tryLock } from './lock.js';
import type { Store } from './store.js';

/**
 * Cache mounts: folders of the store that steps see and that no layer, key or event knows of. Each cache has a folder:
 *
 * | path | what it is |
 * | --- | --- |
 * | `about.json` | the id that Dockerfiles use; its time of modification is the last use |
 * | `<n>/` | the content; more than one only where steps did not want to share |
 * | `<n>.lock` | held by whoever uses it: shared, or by one alone. The kernel ends it with its process |
 */
export interface CacheMountRequest {
  readonly name: string;
  readonly id: string;
  readonly sharing: 'shared' | 'private' | 'locked';
  readonly initial: { readonly dir: string } | { readonly owner: MountOwner };
}

export interface HeldCacheMount {
  readonly dir: string;
  release(): void;
}

/** How long somebody who waits for a locked cache sleeps before it looks again, in milliseconds. */
const patience = 50;

/** The folder in which all cache mounts of a store are. */
export function cacheMountsDir(store: Store): string {
  return store.stateDir('cache-mounts');
}

/**
 * Takes a cache for a step, making it where there is none. `shared`: with all who share it. `private`: one that nobody uses, a new one if
 * need be. `locked`: waits until nobody uses it. One that is held alone is passed by, as in BuildKit.
 */
export async function holdCacheMount(
  store: Store,
  request: CacheMountRequest,
  signal: AbortSignal,
): Promise<HeldCacheMount> {
  const folder = join(cacheMountsDir(store), request.name);
  const { slot, held } = await takeSlot(folder, request.sharing, signal);
  try {
    const dir = join(folder, String(slot));
    await fill(folder, dir, request, signal);
    await writeAbout(store, folder, request.id);
    return { dir, release: () => held.release() };
  } catch (error) {
    held.release();
    throw error;
  }
}

/** Writes down what a cache is called, and that it was used now. */
export async function writeAbout({ ingestDir }: Store, folder: string, id: string): Promise<void> {
  const partial = join(ingestDir, `about-${randomBytes(6).toString('hex')}`);
  await writeFile(partial, JSON.stringify({ id }), { mode: 0o600 });
  await rename(partial, join(folder, 'about.json'));
}

async function takeSlot(
  folder: string,
  sharing: CacheMountRequest['sharing'],
  signal: AbortSignal,
): Promise<{ readonly slot: number; readonly held: FileLock }> {
  const kind = sharing === 'shared' ? 'shared' : 'exclusive';
  for (;;) {
    signal.throwIfAborted();
    // Anew, since the cache may be removed while somebody waits for it.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const slots = slotsOf(folder);
    const last = slots.at(-1) ?? -1;
    const candidates = sharing === 'locked' && last >= 0 ? slots : [...slots, last + 1];
    for (const slot of candidates) {
      const held = tryLock(join(folder, `${slot}.lock`), kind);
      if (held) return { slot, held };
    }
    await sleep(patience, undefined, { signal });
  }
}

/** Numbers of a cache's folders, in order: those with a lock file. */
export function slotsOf(folder: string): readonly number[] {
  return readdirSync(folder)
    .flatMap(name => (/^\d+\.lock$/.test(name) ? [Number.parseInt(name, 10)] : []))
    .sort((a, b) => a - b);
}

/** Makes a cache's folder, whole or not at all: those who share it may come at the same time. */
async function fill(folder: string, dir: string, { initial }: CacheMountRequest, signal: AbortSignal): Promise<void> {
  if (existsSync(dir)) return;
  const making = await lock(join(folder, 'make.lock'), signal);
  try {
    if (existsSync(dir)) return;
    for (const name of readdirSync(folder))
      if (name.startsWith('new-')) rmSync(join(folder, name), { recursive: true, force: true });
    if ('dir' in initial) return renameSync(initial.dir, dir);
    const { mode, uid, gid } = initial.owner;
    const fresh = join(folder, `new-${randomBytes(6).toString('hex')}`);
    mkdirSync(fresh);
    chownSync(fresh, uid, gid);
    chmodSync(fresh, mode);
    renameSync(fresh, dir);
  } finally {
    making.release();
  }
}

/** The id of a cache, as Dockerfiles write it; undefined where the folder is none. */
export function cacheMountId(folder: string): string | undefined {
  try {
    const about = JSON.parse(readFileSync(join(folder, 'about.json'), 'utf8')) as { readonly id?: unknown };
    return typeof about.id === 'string' ? about.id : undefined;
  } catch {
    return undefined;
  }
}
