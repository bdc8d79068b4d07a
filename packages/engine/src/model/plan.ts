import type { ImageConfig } from '@varve/oci';
import type { StepRef } from './graph.js';
import type { CachedStep, CacheKey, KeyRecord } from './key.js';

/** Does a step change files, and who knows which? Only `captured` needs a scan. */
export type FileEffectKind = 'none' | 'known' | 'captured';

export interface PlannedStep {
  readonly step: StepRef;
  /** `config` steps touch no file and have no key. */
  readonly action: 'config' | 'reuse' | 'run';
  readonly effect: FileEffectKind;
  readonly key?: CacheKey;
  readonly record?: KeyRecord;
  /** What the cache knows, where the action is `reuse`. */
  readonly cached?: CachedStep;
  /** Which cache provider answered. */
  readonly cachedBy?: string;
  /** The image config after the step. */
  readonly config: ImageConfig;
  /** `created_by` of its history entry. */
  readonly createdBy: string;
}

export interface PlannedStage {
  readonly index: number;
  readonly name?: string;
  readonly steps: readonly PlannedStep[];
  /** True where nothing of the stage has to be done because all that is needed of it is cached. */
  readonly cached: boolean;
}

/** What will be done, before anything is done. */
export interface Plan {
  readonly stages: readonly PlannedStage[];
  readonly target: number;
}
