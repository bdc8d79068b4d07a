import type { Instruction } from '@varve/dockerfile';
import type { ImageConfig } from '@varve/oci';
import type { BuildGraph, GraphStage, StepRef } from './graph.js';
import type { CachedStep, CacheKey, KeyRecord } from './key.js';
import type { StepInputs, StepState } from './step.js';

export interface PlannedStep {
  readonly step: StepRef;
  /** The instruction with its variables expanded. */
  readonly instruction: Instruction;
  /** What was known before it. */
  readonly state: StepState;
  readonly inputs: StepInputs;
  /** What is known of the content of each of `inputs.sources`, in order. */
  readonly sourceDigests?: readonly string[];
  /** `config` steps touch no file and have no key. */
  readonly action: 'config' | 'reuse' | 'run';
  readonly key?: CacheKey;
  readonly record?: KeyRecord;
  /** What the cache knows, where the action is `reuse`. */
  readonly cached?: CachedStep;
  /** Which cache provider answered. */
  readonly cachedBy?: string;
}

export interface PlannedStage {
  readonly stage: GraphStage;
  readonly steps: readonly PlannedStep[];
  /** The image config and environment that the stage ends with. */
  readonly config: ImageConfig;
  /** Identity of the stage's files when all its steps are done: the key of the last step that changes files, or of its base. */
  readonly filesKey: string;
  /** False where nothing asks for the stage's layers: everything built from it is cached. */
  readonly needed: boolean;
}

/** What will be done, before anything is done. Stages in the order of the graph. */
export interface Plan {
  readonly graph: BuildGraph;
  readonly stages: readonly PlannedStage[];
}
