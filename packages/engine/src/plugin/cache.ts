import type { Descriptor } from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import type { CachedStep, CacheKey, KeyRecord } from '../model/key.js';

/** What a cache may ask the engine for when it stores a step. */
export interface StepToSave {
  readonly key: CacheKey;
  /** The fields behind the key. Values stay on this machine: a shared cache stores digests of fields at most. */
  readonly record: KeyRecord;
  readonly step: CachedStep;
  /** The layer's blob, read from the store. Only where `step.layer` is not null. */
  blob(): Bytes;
}

/**
 * Remembers what steps made. An optimisation only: a miss is a value, a write may be declined, and whatever it throws
 * switches it off for the rest of the build and nothing else.
 */
export interface LayerCache {
  /** Asked once for all keys of a plan, in order. Metadata only: no layer's bytes move. */
  findMany(keys: readonly CacheKey[], signal: AbortSignal): Promise<readonly (CachedStep | undefined)[]>;
  /** The blob of a layer that this cache named, from wherever it keeps it; the engine verifies it. Undefined: not here any more. */
  open(layer: Descriptor, signal: AbortSignal): Promise<Bytes | undefined>;
  save(step: StepToSave, signal: AbortSignal): Promise<'stored' | 'declined'>;
  /** Resolves when background writes are done and handles are closed. */
  close(): Promise<void>;
}
