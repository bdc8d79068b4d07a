import type { EventSink } from '../model/event.js';

/** How a call of the engine reports and is stopped. */
export interface RunControl {
  readonly onEvent?: EventSink;
  /** Aborting it ends the build: children and mounts are gone when the call settles. */
  readonly signal?: AbortSignal;
}
