import type { BuildEvent, EventSink } from '../model/event.js';
import { clock } from '../sys/clock.js';

/** The build's clock and its line to whoever watches. */
export interface Progress {
  readonly emit: EventSink;
  /** Milliseconds since the build began. */
  elapsed(): number;
  warn(code: string, message: string, hint?: string): void;
  /** Tells that something long goes on; `done` ends it, and what is told of the same thing afterwards has another id. */
  report(
    activity: Activity,
    what: string,
    state?: { readonly current?: number; readonly total?: number; readonly done?: boolean },
  ): void;
}
type Activity = Extract<BuildEvent, { type: 'progress' }>['activity'];

/** Starts the clock. A sink that throws is not asked why: progress can neither delay nor fail a build. */
export function startProgress(sink: EventSink | undefined): Progress {
  const start = clock();
  const elapsed = (): number => Math.round(clock() - start);
  const emit: EventSink = event => {
    try {
      sink?.(event);
    } catch {
      // The sink's own fault.
    }
  };
  const ended = new Map<string, number>();
  const idOf = (name: string): string => (ended.has(name) ? `${name} ${ended.get(name)}` : name);
  return {
    emit,
    elapsed,
    warn: (code, message, hint) =>
      emit({ type: 'warning', time: elapsed(), code, message, ...(hint === undefined ? {} : { hint }) }),
    report(activity, what, state = {}) {
      const name = `${activity} ${what}`;
      emit({ type: 'progress', time: elapsed(), id: idOf(name), activity, what, ...state });
      if (state.done === true) ended.set(name, (ended.get(name) ?? 1) + 1);
    },
  };
}
