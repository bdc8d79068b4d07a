import type { BuildEvent, EventSink } from '../model/event.js';

/** The build's clock and its line to whoever watches. */
export interface Progress {
  readonly emit: EventSink;
  /** Milliseconds since the build began. */
  elapsed(): number;
  warn(code: string, message: string, hint?: string): void;
  /** Tells that something long goes on; `done` ends it. */
  report(
    activity: Activity,
    what: string,
    state?: { readonly current?: number; readonly total?: number; readonly done?: boolean },
  ): void;
}
type Activity = Extract<BuildEvent, { type: 'progress' }>['activity'];

/** Starts the clock. A sink that throws is not asked why: progress can neither delay nor fail a build. */
export function startProgress(sink: EventSink | undefined): Progress {
  const start = performance.now();
  const elapsed = (): number => Math.round(performance.now() - start);
  const emit: EventSink = event => {
    try {
      sink?.(event);
    } catch {
      // The sink's own fault.
    }
  };
  return {
    emit,
    elapsed,
    warn: (code, message, hint) =>
      emit({ type: 'warning', time: elapsed(), code, message, ...(hint === undefined ? {} : { hint }) }),
    report: (activity, what, state = {}) =>
      emit({ type: 'progress', time: elapsed(), id: `${activity} ${what}`, activity, what, ...state }),
  };
}
