import type { ErrorPlace } from './error.js';

interface StepEventBase {
  /** Index of the stage in the Dockerfile and of the step in the stage. */
  readonly stage: number;
  readonly step: number;
}

/**
 * What happens in a build, as it happens. One union; the core never prints. Sinks can neither delay nor fail a build. Times are
 * milliseconds since the build began.
 */
export type BuildEvent =
  | {
      readonly type: 'buildStarted';
      readonly time: number;
      readonly file: string;
      readonly target?: string;
      readonly platforms: readonly string[];
    }
  /** Which provider fills a slot, and why. */
  | {
      readonly type: 'providerChosen';
      readonly time: number;
      readonly slot: string;
      readonly id: string;
      readonly named: boolean;
    }
  | {
      readonly type: 'warning';
      readonly time: number;
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly where?: ErrorPlace;
    }
  | { readonly type: 'planned'; readonly time: number; readonly steps: readonly PlannedStepSummary[] }
  /** `action`: what is done with the step, which may turn out to be cached though the plan said otherwise. */
  | ({
      readonly type: 'stepStarted';
      readonly time: number;
      readonly label: string;
      readonly action?: 'run' | 'reuse';
    } & StepEventBase)
  /** What a step printed; `text` is whole characters, split anywhere. */
  | ({
      readonly type: 'stepOutput';
      readonly time: number;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    } & StepEventBase)
  | ({
      readonly type: 'stepFinished';
      readonly time: number;
      readonly label: string;
      readonly result: StepResult;
    } & StepEventBase)
  /** Something long goes on: a pull, an unpack, a push. The last event of an id has `done`. Sizes in bytes. */
  | {
      readonly type: 'progress';
      readonly time: number;
      readonly id: string;
      readonly activity: 'resolve' | 'pull' | 'unpack' | 'load-context' | 'push' | 'export' | 'cache' | 'wait';
      readonly what: string;
      readonly current?: number;
      readonly total?: number;
      readonly done?: boolean;
    }
  | {
      readonly type: 'imageBuilt';
      readonly time: number;
      readonly platform: string;
      readonly manifest: string;
      readonly config: string;
      readonly layers: readonly LayerSummary[];
    }
  | {
      readonly type: 'exported';
      readonly time: number;
      readonly exporter: string;
      readonly target: string;
      readonly digest: string;
    }
  | { readonly type: 'buildFinished'; readonly time: number; readonly ok: boolean; readonly error?: ErrorSummary };

export interface PlannedStepSummary extends StepEventBase {
  readonly label: string;
  readonly action: 'config' | 'reuse' | 'run' | 'skip';
  readonly key?: string;
  readonly cachedBy?: string;
  /** Why a step that was looked up must run: the field of its key that differs from the last one known, where known. */
  readonly missed?: string;
}

export type StepResult =
  | { readonly kind: 'config' }
  | { readonly kind: 'cached'; readonly by: string; readonly layer?: LayerSummary }
  | { readonly kind: 'ran'; readonly layer?: LayerSummary }
  | { readonly kind: 'failed'; readonly error: ErrorSummary }
  /** Ended before it was done, through no fault of its own: another step failed, or the build was cancelled. */
  | { readonly kind: 'stopped' };

export interface LayerSummary {
  readonly digest: string;
  readonly diffId: string;
  /** Bytes of the blob. */
  readonly size: number;
  readonly createdBy?: string;
}

export interface ErrorSummary {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly where?: ErrorPlace;
  readonly data?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** Receives events. Must not throw; whatever it throws is dropped. */
export type EventSink = (event: BuildEvent) => void;
