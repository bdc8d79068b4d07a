import type { EventSink } from '../model/event.js';
import type { HostAhead } from './host-ahead.js';

/** How a call of the engine reports and is stopped. */
export interface RunControl {
  readonly onEvent?: EventSink;
  /** Aborting it ends the build: children and mounts are gone when the call settles. */
  readonly signal?: AbortSignal;
  /** What was started before the engine was loaded; the caller disposes of it. */
  readonly ahead?: HostAhead | undefined;
}
