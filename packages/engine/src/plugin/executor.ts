import type { StepExit, StepProcess } from '../model/process.js';

/** Receives what a step prints, as it prints it. Chunks split anywhere, inside characters too. */
export interface StepOutput {
  stdout(chunk: Uint8Array): void;
  stderr(chunk: Uint8Array): void;
}

/**
 * Runs processes in root file systems. Lives in the process that owns the roots.
 *
 * A step sees its root and its mounts and nothing of the builder: no file, environment, process or credential. When the
 * promise settles nothing of the step is left: no process, no mount. Aborting `signal` kills the step and all its children.
 * Errors: `E_EXECUTOR` when the process could not be started (a missing program is the step's exit 127, not an error).
 */
export interface Executor {
  /**
   * Where there is one: called when a step is to be run soon, so that what takes time is begun beside other preparations. The next `run` takes
   * that up; where none comes, disposing of what it gives does away with it. Nothing may reject.
   */
  prepare?(): AsyncDisposable;
  /** Whether `prepare` may be called while a step runs, for the one after it; else not before that has ended. */
  readonly preparesBeside?: boolean;
  run(process: StepProcess, output: StepOutput, signal: AbortSignal): Promise<StepExit>;
}
