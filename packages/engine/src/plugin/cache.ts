import type { Descriptor } from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import type { CachedStep, CacheKey, KeyRecord } from '../model/key.js';

/** What a cache may ask the engine for when it stores a step. */
export interface StepToSave {
  readonly key: CacheKey;
  /** The fields behind the key. Values stay on this machine: a shared cache stores digests of fields at most. */
  readonly record: KeyRecord;
  readonly step: CachedStep;
  /**
   * Which step of which Dockerfile this is, the same from build to build: by what it says, which is for people too, and by where it stands. A
   * cache on this machine keeps the last records of both, so that a later miss there can be explained; they are no part of the key.
   */
  readonly place?: string;
  readonly position?: string;
  /** Another cache knew the step: where this one has something for the key already, nothing needs to be done. */
  readonly isCopy?: true;
  /** The layer's blob, read from the store, and fetched into it where it is elsewhere. Only where `step.layer` is not null. */
  blob(): Bytes;
  /** A repository of that registry which is known to have the layer's blob: to mount it from there. */
  knownIn?(registry: string): string | undefined;
}

/** A repository of a registry, as `@varve/oci` has them. */
export interface CacheRepository {
  readonly registry: string;
  readonly name: string;
}

/** One remembered step, as `varve cache ls` shows it and `varve cache prune` decides on it. */
export interface CacheEntry {
  readonly key: CacheKey;
  readonly step: CachedStep;
  /** Kind of step: `run`, `copy`, …; and where it was last seen, where that is known. */
  readonly kind: string;
  readonly place?: string;
  /** When it was last found or saved, in milliseconds since the epoch. */
  readonly lastUsed: number;
}

/** A small value with a name, which the engine wants to have again in the next build. */
export interface Note {
  readonly name: string;
  readonly value: Uint8Array;
}

/** What the engine knew in earlier builds on this machine: what files contained, what a reference meant. */
export interface Memory {
  /** In order; undefined for what is not known or was forgotten, which anything may be at any time. */
  recall(names: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  remember(notes: readonly Note[]): Promise<void>;
}

/**
 * Remembers what steps made. An optimisation only: a miss is a value, a write may be declined, and whatever it throws
 * switches it off for the rest of the build and nothing else.
 */
export interface LayerCache {
  /** Where its blobs are, if that is a registry: pushes to the same registry mount them from there. */
  readonly repository?: CacheRepository;
  /** It wants to be told of steps that another cache knew, too: who has this cache alone is to find the whole build in it. */
  readonly isComplete?: boolean;
  /** Asked once for all keys of a plan, in order. Metadata only: no layer's bytes move. */
  findMany(keys: readonly CacheKey[], signal: AbortSignal): Promise<readonly (CachedStep | undefined)[]>;
  /** The blob of a layer that this cache named, from wherever it keeps it; the engine verifies it. Undefined: not here any more. */
  open(layer: Descriptor, signal: AbortSignal): Promise<Bytes | undefined>;
  save(step: StepToSave, signal: AbortSignal): Promise<'stored' | 'declined'>;
  /**
   * The records last saved at each place or position (see {@link StepToSave.place}), newest first; empty where none is known.
   * Only caches whose values stay on this machine have it.
   */
  recordsAt?(places: readonly string[]): Promise<readonly (readonly KeyRecord[])[]>;
  /** A {@link Memory} for the engine's notes. Only caches whose values stay on this machine have it, and then all three methods. */
  recall?(names: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  remember?(notes: readonly Note[]): Promise<void>;
  /** Forgets the notes that were not recalled or written since `usedBefore`, in milliseconds since the epoch. */
  forgetNotes?(usedBefore: number): Promise<void>;
  /** Everything that is remembered, for listing and pruning. */
  entries?(): Promise<readonly CacheEntry[]>;
  /** Forgets steps; a later look-up misses. */
  forget?(keys: readonly CacheKey[]): Promise<void>;
  /** Resolves when background writes are done and handles are closed. */
  close(): Promise<void>;
}
