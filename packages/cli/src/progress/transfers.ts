import type { BuildEvent } from '@varve/engine';
import { activityLabel } from './step-labels.js';

type Progress = Extract<BuildEvent, { type: 'progress' }>;

/** Something long that goes on besides the steps. */
export interface Transfer {
  readonly label: string;
  readonly elapsed: number;
  readonly current?: number;
  readonly total?: number;
}

/** What goes on besides the steps, by the ids of progress events. */
export class Transfers {
  readonly #open = new Map<string, { readonly startedAt: number; readonly last: Progress }>();

  /** Takes in an event; gives the milliseconds that it took where it is over now. */
  observe(event: Progress): number | undefined {
    const startedAt = this.#open.get(event.id)?.startedAt ?? event.time;
    if (event.done === true) {
      this.#open.delete(event.id);
      return event.time - startedAt;
    }
    this.#open.set(event.id, { startedAt, last: event });
    return undefined;
  }

  /** What goes on at a time, oldest first. */
  at(time: number): readonly Transfer[] {
    return [...this.#open.values()].map(({ startedAt, last }) => ({
      label: activityLabel(last),
      elapsed: time - startedAt,
      ...(last.current === undefined ? {} : { current: last.current }),
      ...(last.total === undefined ? {} : { total: last.total }),
    }));
  }
}
