import type { BuildEvent, BuildResult, PlannedStepSummary, StepResult } from '@varve/engine';
import { renderError } from '../errors/render.js';
import type { ErrorReport } from '../errors/report.js';
import { showDuration } from '../show/duration.js';
import { meaningOfFields } from '../show/key-fields.js';
import { showSize } from '../show/size.js';
import type { Paint } from '../terminal/colour.js';
import type { Output } from '../terminal/output.js';
import { oneLine, sanitizeLine } from '../terminal/sanitize.js';
import type { Renderer } from './renderer.js';
import { activityLabel } from './step-labels.js';
import { summaryLines } from './summary.js';
import type { BuildTally } from './tally.js';
import { warningLines } from './warning.js';

type Of<T extends BuildEvent['type']> = Extract<BuildEvent, { type: T }>;

/** Least milliseconds between two lines about the same transfer. */
const transferPause = 1000;

/**
 * One line an event, for logs: `#5 [build 2/4] RUN make` when a step starts, its output with `#5` and the seconds since it started
 * before each line, `#5 DONE 1.2s`, `#5 CACHED` or `#5 ERROR` when it ends.
 */
export class PlainRenderer implements Renderer {
  readonly #out: Output;
  readonly #paint: Paint;
  readonly #tally: BuildTally;
  readonly #headed = new Set<number>();
  /** By what the keys of steps that must run differ from their last, by stage and step. */
  readonly #missed = new Map<string, string>();
  readonly #transfers = new Map<string, { readonly startedAt: number; shownAt: number }>();

  constructor(out: Output, paint: Paint, tally: BuildTally) {
    this.#out = out;
    this.#paint = paint;
    this.#tally = tally;
  }

  event(event: BuildEvent, completed: readonly string[]): void {
    for (const line of this.#lines(event, completed)) this.#out.write(`${line}\n`);
  }

  interrupting(): void {
    this.#out.write('interrupted: stopping the steps that run (interrupt again to stop at once)\n');
  }

  superseded(): void {
    this.#out.write(`${this.#paint.dim('stopped: something changed')}\n`);
  }

  succeeded(result: BuildResult): void {
    for (const line of summaryLines(result, this.#tally, this.#paint)) this.#out.write(`${line}\n`);
  }

  failed(report: ErrorReport): void {
    this.#out.write(renderError(report, this.#paint));
  }

  #lines(event: BuildEvent, completed: readonly string[]): readonly string[] {
    switch (event.type) {
      case 'providerChosen':
        return [this.#paint.dim(`#0 ${event.slot}: ${oneLine(event.id)}${event.named ? ', as asked' : ''}`)];
      case 'planned':
        return this.#planned(event);
      case 'warning':
        return warningLines(event, this.#paint);
      case 'stepStarted':
        return this.#started(event);
      case 'stepFinished':
        return this.#finished(event, completed);
      case 'stepOutput':
        return this.#output(event, completed);
      case 'progress':
        return this.#transfer(event);
      case 'exported':
        return [`#0 ${event.exporter}: ${oneLine(event.target)} ${event.digest}`];
      default:
        return [];
    }
  }

  #planned({ steps }: Of<'planned'>): readonly string[] {
    this.#missed.clear();
    for (const { stage, step, missed } of steps) if (missed !== undefined) this.#missed.set(`${stage}:${step}`, missed);
    return [this.#paint.dim(`#0 plan: ${planText(steps)}`)];
  }

  #started(event: Of<'stepStarted'>): readonly string[] {
    const { number } = this.#tally.step(event);
    const missed = event.action === 'reuse' ? undefined : this.#missed.get(`${event.stage}:${event.step}`);
    const reason =
      missed === undefined
        ? []
        : [this.#paint.dim(`#${number} not cached: ${oneLine(meaningOfFields(missed))} changed`)];
    return [...this.#header(number, event.label), ...reason];
  }

  #header(number: number, label: string): readonly string[] {
    if (this.#headed.has(number)) return [];
    this.#headed.add(number);
    return [`${this.#paint.bold(`#${number}`)} ${this.#paint.bold(oneLine(label))}`];
  }

  #output(event: Of<'stepOutput'> | Of<'stepFinished'>, completed: readonly string[]): readonly string[] {
    const step = this.#tally.step(event);
    const seconds = ((event.time - step.startedAt) / 1000).toFixed(3);
    const lines = completed.map(
      line => `#${step.number} ${seconds} ${sanitizeLine(line, { colours: this.#paint.enabled })}`,
    );
    return [...this.#header(step.number, step.label), ...lines];
  }

  #finished(event: Of<'stepFinished'>, completed: readonly string[]): readonly string[] {
    const step = this.#tally.step(event);
    const time = showDuration(event.time - step.startedAt);
    return [...this.#output(event, completed), `#${step.number} ${this.#ending(event.result, time)}`];
  }

  #ending(result: StepResult, time: string): string {
    switch (result.kind) {
      case 'cached':
        return `${this.#paint.green('CACHED')} by ${oneLine(result.by)}`;
      case 'stopped':
        return this.#paint.dim(`STOPPED ${time}`);
      case 'failed':
        return `${this.#paint.red('ERROR')} ${time} ${oneLine(result.error.message)}`;
      case 'ran':
        return `${this.#paint.green('DONE')} ${time}${result.layer === undefined ? '' : `, layer of ${showSize(result.layer.size)}`}`;
      case 'config':
        return `${this.#paint.green('DONE')} ${time}`;
    }
  }

  #transfer(event: Of<'progress'>): readonly string[] {
    const { number, isNew } = this.#tally.activity(event.id);
    const known = this.#transfers.get(event.id) ?? { startedAt: event.time, shownAt: event.time };
    this.#transfers.set(event.id, known);
    const lines = isNew ? [`${this.#paint.bold(`#${number}`)} ${this.#paint.bold(oneLine(activityLabel(event)))}`] : [];
    if (event.done === true) {
      const size = event.current === undefined || event.current === 0 ? '' : `, ${showSize(event.current)}`;
      return [...lines, `#${number} ${this.#paint.green('DONE')} ${showDuration(event.time - known.startedAt)}${size}`];
    }
    if (event.current === undefined || event.time - known.shownAt < transferPause) return lines;
    known.shownAt = event.time;
    const total = event.total === undefined ? '' : ` / ${showSize(event.total)}`;
    return [...lines, `#${number} ${showSize(event.current)}${total}`];
  }
}

/** `3 to run, 4 cached, 5 without files, 2 not needed`. */
export function planText(steps: readonly PlannedStepSummary[]): string {
  const count = (action: string): number => steps.filter(step => step.action === action).length;
  const parts: readonly (readonly [number, string])[] = [
    [count('run'), 'to run'],
    [count('reuse'), 'cached'],
    [count('config'), 'without files'],
    [count('skip'), 'not needed'],
  ];
  const said = parts.filter(([number]) => number > 0).map(([number, text]) => `${number} ${text}`);
  return said.length === 0 ? 'no steps' : said.join(', ');
}
