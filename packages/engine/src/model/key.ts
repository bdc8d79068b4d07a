import type { Layer } from './layer.js';

/** Hex SHA-256 over a framed {@link KeyRecord}. */
export type CacheKey = string & { readonly __brand: 'CacheKey' };

/**
 * Everything that decides what a step does to files, by name. Values are strings, so that a record can be framed, compared
 * field by field and shown; lists are framed into one string by `plan/key.ts`.
 */
export interface KeyRecord {
  /** Format of the record; another version is another key space. */
  readonly version: number;
  /** What kind of step it is: `run`, `copy`, `add`, `workdir`, … or a plugin's keyword. */
  readonly kind: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What a cache remembers of a step. */
export interface CachedStep {
  /** Null: the step ran and changed no file. */
  readonly layer: Layer | null;
  /** Fingerprint of the compressor that made the layer's blob; `''` where there is no layer. */
  readonly compressor: string;
  /** When the layer was made, RFC 3339. */
  readonly created: string;
  /**
   * The key that stands for the files after this step in the keys of later steps, where it is not the step's own: an earlier step that
   * had the same content to work with made these files, and what was built upon them is remembered under its key.
   */
  readonly filesKey?: CacheKey;
}

/** What a cache answered for one key. */
export interface CacheHit {
  readonly step: CachedStep;
  /** Id of the provider that has it. */
  readonly by: string;
}
