import type { StepProcess } from '../model/process.js';

/** What the launcher is told on descriptor 3. It answers there only when it could not start the step. */
export interface LauncherMessage {
  readonly process: StepProcess;
  /** Empty folders outside every root, for the mounts that the launcher makes in its own mount namespace. */
  readonly rootDir: string;
  readonly nodesDir: string;
}
