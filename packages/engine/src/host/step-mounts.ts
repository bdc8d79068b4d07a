import { chmodSync, chownSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountTmpfs } from '../executor/tmpfs.js';
import { makeMemoryFolder } from '../inplace/memory.js';
import { homeFiles, type InPlaceSetup } from '../inplace/places.js';
import type { StepMount } from '../model/process.js';
import type { MountOwner } from '../plugin/instruction.js';
import { type HeldCacheMount, holdCacheMount } from '../store/cache-mounts.js';
import type { Store } from '../store/store.js';
import { detachMount } from '../sys/mount.js';
import { serveAgent } from './agent-proxy.js';
import type { HostMount } from './protocol.js';
import type { HostSurroundings } from './surroundings.js';

/** Mounts of a step that are ready to be shown to it. */
export interface StepMounts {
  readonly mounts: readonly StepMount[];
  /** Gives back what they held. To be called once the step is gone. */
  close(): Promise<void>;
}

/**
 * Prepares a step's mounts: locks its caches (in one order, so that two steps never wait for each other), writes its secrets to a tmpfs
 * that this mount namespace alone sees, and listens for its agents.
 */
export async function openStepMounts(
  stepDir: string,
  wanted: readonly HostMount[],
  { store, inPlace }: Pick<HostSurroundings, 'store' | 'inPlace'>,
  signal: AbortSignal,
): Promise<StepMounts> {
  const opened = new OpenedMounts(stepDir, store, inPlace);
  try {
    await opened.holdCaches(wanted, signal);
    const mounts: StepMount[] = [];
    for (const mount of wanted) mounts.push(await opened.show(mount));
    return { mounts, close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

class OpenedMounts {
  readonly #stepDir: string;
  readonly #store: Store;
  readonly #caches = new Map<string, HeldCacheMount>();
  readonly #agents: AsyncDisposable[] = [];
  readonly #inPlace: InPlaceSetup | undefined;
  #memory: string | undefined;
  #files = 0;

  constructor(stepDir: string, store: Store, inPlace: InPlaceSetup | undefined) {
    this.#inPlace = inPlace;
    this.#stepDir = stepDir;
    this.#store = store;
  }

  async holdCaches(wanted: readonly HostMount[], signal: AbortSignal): Promise<void> {
    const caches = wanted.filter(mount => mount.kind === 'cache').toSorted((a, b) => (a.name < b.name ? -1 : 1));
    for (const cache of caches)
      if (!this.#caches.has(cache.name)) this.#caches.set(cache.name, await holdCacheMount(this.#store, cache, signal));
  }

  async show(mount: HostMount): Promise<StepMount> {
    if (mount.kind === 'cache') {
      const { dir } = this.#caches.get(mount.name) as HeldCacheMount;
      return { kind: 'bind', source: dir, target: mount.target, readOnly: mount.readOnly };
    }
    if (mount.kind === 'secret') {
      const source = this.#inMemory();
      writeFileSync(source, mount.content, { mode: 0o600, flag: 'wx' });
      give(source, mount.owner);
      return { kind: 'bind', source, target: mount.target, readOnly: true };
    }
    if (mount.kind === 'ssh') {
      const source = this.#inMemory();
      this.#agents.push(await serveAgent(source, mount.agent));
      give(source, mount.owner);
      return { kind: 'bind', source, target: mount.target, readOnly: false };
    }
    return mount;
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) await agent[Symbol.asyncDispose]();
    for (const cache of this.#caches.values()) cache.release();
    if (this.#memory === undefined) return;
    if (this.#inPlace) return rmSync(this.#memory, { recursive: true, force: true });
    detachMount(this.#memory);
    rmdirSync(this.#memory);
  }

  /** A new name on a tmpfs of this step's own. */
  #inMemory(): string {
    if (this.#memory === undefined && this.#inPlace) {
      this.#memory = makeMemoryFolder(homeFiles(this.#inPlace.home).shown);
      // Steps reach what is in it by links.
      chmodSync(this.#memory, 0o711);
    }
    if (this.#memory === undefined) {
      const dir = join(this.#stepDir, 'memory');
      mkdirSync(dir, { mode: 0o700 });
      mountTmpfs(dir, { kind: 'tmpfs', target: '', mode: 0o700 });
      this.#memory = dir;
    }
    return join(this.#memory, String(this.#files++));
  }
}

function give(path: string, { mode, uid, gid }: MountOwner): void {
  chownSync(path, uid, gid);
  chmodSync(path, mode);
}
