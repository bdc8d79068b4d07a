import type { BuildEvent, BuildResult } from '@varve/engine';
import type { ErrorReport } from '../errors/report.js';

/** Shows a build. Given every event in order, then one of `succeeded` and `failed`, once. */
export interface Renderer {
  /** `completed`: the lines of step output that this event completed, from {@link BuildTally.observe}. */
  event(event: BuildEvent, completed: readonly string[]): void;
  /** The call is being interrupted and waits for what must be cleaned up. */
  interrupting(): void;
  /** The build was stopped because another one takes its place. The last call. */
  superseded(): void;
  succeeded(result: BuildResult): void;
  failed(report: ErrorReport): void;
}
