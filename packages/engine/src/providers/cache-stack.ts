import type { Descriptor } from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import { codeOf } from '../model/error.js';
import type { CacheHit, CacheKey, KeyRecord } from '../model/key.js';
import type { Layer } from '../model/layer.js';
import type { CacheRepository, LayerCache, Memory, Note, StepToSave } from '../plugin/cache.js';

/** One cache of the stack. */
export interface StackedCache {
  /** No other cache of the stack has it. */
  readonly name: string;
  readonly cache: LayerCache;
  /** Keeps its blobs elsewhere than in the store of this machine. */
  readonly shared: boolean;
}

export interface StackSurroundings {
  /** A cache failed and is left out from now on. */
  warn(name: string, error: Error): void;
  /** Whether a layer's blob is in the store. */
  here(layer: Layer): boolean;
}

/**
 * Several caches as one: asked in order, the later ones only for what the earlier ones miss. A cache that throws is left out for the
 * rest of the build, with one warning: caching is an optimisation and never fails a build.
 */
export class CacheStack implements Memory {
  readonly #caches: readonly StackedCache[];
  readonly #off = new Set<string>();
  #asks = true;
  /** Digests of layers that nobody has after all. */
  readonly #lost = new Set<string>();
  readonly #saving = new Set<Promise<void>>();
  readonly #passed: { readonly stacked: StackedCache; readonly step: StepToSave; readonly signal: AbortSignal }[] = [];
  readonly #around: StackSurroundings;

  constructor(caches: readonly StackedCache[], around: StackSurroundings) {
    this.#caches = caches;
    this.#around = around;
  }

  /** Whether it is still asked. */
  get asks(): boolean {
    return this.#asks;
  }

  /** Steps with this layer count as unknown from now on, until it is in the store. False where they did before. */
  lose(digest: string): boolean {
    if (this.#lost.has(digest)) return false;
    this.#lost.add(digest);
    return true;
  }

  /** From now on nothing is found; what is made is saved all the same. */
  stopAsking(): void {
    this.#asks = false;
  }

  /** Whether a cache of the stack keeps what it is told on this machine, at once and for all builds. */
  get remembersHere(): boolean {
    return this.#caches.some(({ shared }) => !shared);
  }

  findMany(keys: readonly CacheKey[], signal: AbortSignal): Promise<readonly (CacheHit | undefined)[]> {
    return this.#find(this.#caches, keys, signal);
  }

  /** Asks the caches of this machine alone, which costs nothing. */
  async findHere(key: CacheKey, signal: AbortSignal): Promise<CacheHit | undefined> {
    const here = this.#caches.filter(({ shared }) => !shared);
    return (await this.#find(here, [key], signal))[0];
  }

  async #find(
    caches: readonly StackedCache[],
    keys: readonly CacheKey[],
    signal: AbortSignal,
  ): Promise<readonly (CacheHit | undefined)[]> {
    const hits: (CacheHit | undefined)[] = keys.map(() => undefined);
    for (const { name, cache, shared } of this.#asks ? caches : []) {
      const open = keys.flatMap((key, index) => (hits[index] === undefined ? [{ key, index }] : []));
      if (open.length === 0) break;
      const found = await this.#guarded(name, signal, () =>
        cache.findMany(
          open.map(({ key }) => key),
          signal,
        ),
      );
      found?.forEach((step, at) => {
        const index = open[at]?.index;
        if (step && index !== undefined && this.#isToBeHad(step.layer, shared)) hits[index] = { step, by: name };
      });
    }
    return hits;
  }

  #isToBeHad(layer: Layer | null, shared: boolean): boolean {
    if (layer === null || this.#around.here(layer)) return true;
    return shared && !this.#lost.has(layer.descriptor.digest);
  }

  /** The records last known at each place, newest first, from the first cache that keeps them. */
  async recordsAt(places: readonly string[]): Promise<readonly (readonly KeyRecord[])[]> {
    const stacked = this.#caches.find(({ cache }) => cache.recordsAt);
    const records =
      stacked &&
      (await this.#guarded(stacked.name, undefined, () =>
        (stacked.cache.recordsAt as NonNullable<LayerCache['recordsAt']>)(places),
      ));
    return records ?? places.map(() => []);
  }

  /** Notes from the first cache that keeps them. */
  async recall(names: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const keeper = this.#caches.find(({ cache }) => cache.recall && cache.remember);
    const notes = keeper && (await this.#guarded(keeper.name, undefined, async () => keeper.cache.recall?.(names)));
    return notes ?? names.map(() => undefined);
  }

  async remember(notes: readonly Note[]): Promise<void> {
    const keeper = this.#caches.find(({ cache }) => cache.recall && cache.remember);
    if (keeper) await this.#guarded(keeper.name, undefined, async () => keeper.cache.remember?.(notes));
  }

  /** A layer's blob out of the cache that named it. */
  async open(name: string, layer: Descriptor, signal: AbortSignal): Promise<Bytes | undefined> {
    const stacked = this.#named(name);
    return stacked && this.#guarded(name, signal, () => stacked.cache.open(layer, signal));
  }

  /** The repository that has the layers which a cache named. */
  repositoryOf(name: string): CacheRepository | undefined {
    return this.#named(name)?.cache.repository;
  }

  /** Saves to every cache. Waits for those of this machine; {@link settle} waits for the others. */
  async save(step: StepToSave, signal: AbortSignal): Promise<void> {
    const here = this.#caches.map(stacked => {
      const saving = this.#save(stacked, step, signal);
      return stacked.shared ? undefined : saving;
    });
    await Promise.all(here);
  }

  /**
   * Tells of a step that one cache knew those that want to be complete, at once, and those of this machine, at the end and if the layer's blob
   * is here by then.
   */
  pass(hit: StepToSave, by: string, signal: AbortSignal): void {
    const step: StepToSave = { ...hit, isCopy: true };
    for (const stacked of this.#caches) {
      if (stacked.name === by) continue;
      if (!stacked.shared) this.#passed.push({ stacked, step, signal });
      else if (stacked.cache.isComplete === true) void this.#save(stacked, step, signal);
    }
  }

  #save({ name, cache }: StackedCache, step: StepToSave, signal: AbortSignal): Promise<void> {
    const saving = this.#guarded(name, signal, () => cache.save(step, signal)).then(
      () => void this.#saving.delete(saving),
    );
    this.#saving.add(saving);
    return saving;
  }

  #named(name: string): StackedCache | undefined {
    return this.#caches.find(cache => cache.name === name);
  }

  /** Waits for what is being saved. */
  async settle(): Promise<void> {
    while (this.#saving.size > 0) await Promise.all(this.#saving);
  }

  async close(): Promise<void> {
    await this.settle();
    for (const { stacked, step, signal } of this.#passed) {
      const { layer } = step.step;
      if (layer === null || this.#around.here(layer)) await this.#save(stacked, step, signal);
    }
    await Promise.all(this.#caches.map(({ name, cache }) => this.#guarded(name, undefined, () => cache.close())));
  }

  async #guarded<T>(name: string, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T | undefined> {
    if (this.#off.has(name)) return undefined;
    try {
      return await action();
    } catch (error) {
      if (signal?.aborted || codeOf(error) === 'ABORT_ERR') return undefined;
      if (!this.#off.has(name)) this.#around.warn(name, error as Error);
      this.#off.add(name);
      return undefined;
    }
  }
}
