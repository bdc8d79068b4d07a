import type { BuildEvent, StepResult } from '@varve/engine';
import { LineSplitter } from '../terminal/line-splitter.js';

type StepEvent = Extract<BuildEvent, { type: 'stepStarted' | 'stepOutput' | 'stepFinished' }>;
type ImageBuilt = Extract<BuildEvent, { type: 'imageBuilt' }>;
type Exported = Extract<BuildEvent, { type: 'exported' }>;

/** Lines of a step's output that are kept for the message of an error. */
const keptLines = 20;

/** What is known of one step so far. Times as in the events. */
export interface StepRecord {
  /** `#n`: the order in which steps and activities were first heard of. */
  readonly number: number;
  label: string;
  startedAt: number;
  finishedAt?: number;
  result?: StepResult;
  /** The last lines it printed, raw. */
  lastLines: readonly string[];
  readonly lines: LineSplitter;
}

/** How many steps ended how. */
export interface StepCounts {
  readonly config: number;
  readonly cached: number;
  readonly ran: number;
  readonly failed: number;
}

/**
 * What a build's events say so far, for whoever shows them: renderers, the summary, the message of an error. Give it every
 * event, in order.
 */
export class BuildTally {
  readonly #steps: StepRecord[] = [];
  /** By stage and step: what is going on there, or was last. Each platform of a build does the same steps. */
  readonly #current = new Map<string, StepRecord>();
  readonly #activities = new Map<string, number>();
  readonly images: ImageBuilt[] = [];
  readonly exports: Exported[] = [];
  /** Time of the newest event. */
  now = 0;
  /** How many steps the plans so far have, one a platform; 0 before there is one. */
  planned = 0;

  /** Takes in an event; gives the lines of output that it completed. */
  observe(event: BuildEvent): readonly string[] {
    this.now = Math.max(this.now, event.time);
    switch (event.type) {
      case 'planned':
        this.planned += event.steps.filter(step => step.action !== 'skip').length;
        break;
      case 'stepStarted':
        if (this.#current.get(placeOf(event))?.result !== undefined) this.#current.delete(placeOf(event));
        this.step(event).label = event.label;
        break;
      case 'stepFinished': {
        const step = this.step(event);
        step.label = event.label;
        step.finishedAt = event.time;
        step.result = event.result;
        return keep(step, step.lines.flush());
      }
      case 'stepOutput': {
        const step = this.step(event);
        return keep(step, step.lines.push(event.text));
      }
      case 'imageBuilt':
        this.images.push(event);
        break;
      case 'exported':
        this.exports.push(event);
        break;
      default:
        break;
    }
    return [];
  }

  /** The record of the step that an event is about; a new one at its first event. */
  step(event: StepEvent): StepRecord {
    const known = this.#current.get(placeOf(event));
    if (known !== undefined) return known;
    const label = 'label' in event ? event.label : `step ${event.stage + 1}.${event.step + 1}`;
    const number = this.#nextNumber();
    const record: StepRecord = { number, label, startedAt: event.time, lastLines: [], lines: new LineSplitter() };
    this.#steps.push(record);
    this.#current.set(placeOf(event), record);
    return record;
  }

  /** The number of a progress id; `isNew` at its first event. */
  activity(id: string): { readonly number: number; readonly isNew: boolean } {
    const known = this.#activities.get(id);
    if (known !== undefined) return { number: known, isNew: false };
    const number = this.#nextNumber();
    this.#activities.set(id, number);
    return { number, isNew: true };
  }

  get steps(): readonly StepRecord[] {
    return this.#steps;
  }

  get counts(): StepCounts {
    const count = (kind: StepResult['kind']): number => this.steps.filter(step => step.result?.kind === kind).length;
    return { config: count('config'), cached: count('cached'), ran: count('ran'), failed: count('failed') };
  }

  /** The step that failed, with what it printed last. */
  get failure(): StepRecord | undefined {
    return this.steps.find(step => step.result?.kind === 'failed');
  }

  #nextNumber(): number {
    return this.#steps.length + this.#activities.size + 1;
  }
}

function placeOf({ stage, step }: StepEvent): string {
  return `${stage}:${step}`;
}

function keep(step: StepRecord, lines: readonly string[]): readonly string[] {
  if (lines.length > 0) step.lastLines = [...step.lastLines, ...lines].slice(-keptLines);
  return lines;
}
