import type { BuildEvent, BuildResult, StepResult } from '@varve/engine';
import { renderError } from '../errors/render.js';
import type { ErrorReport } from '../errors/report.js';
import { showDuration } from '../show/duration.js';
import { showSize } from '../show/size.js';
import type { Paint } from '../terminal/colour.js';
import { LiveRegion } from '../terminal/live-region.js';
import type { Output } from '../terminal/output.js';
import { asciiSymbols, edgeLine, frameLines, type Look, shownText, unicodeSymbols } from './frame.js';
import type { Renderer } from './renderer.js';
import { activityLabel } from './step-labels.js';
import { summaryLines } from './summary.js';
import type { BuildTally, StepRecord } from './tally.js';
import { Transfers } from './transfers.js';
import { warningLines } from './warning.js';

const frameEvery = 100;

export interface TtyOptions {
  readonly out: Output;
  readonly paint: Paint;
  readonly unicode: boolean;
  readonly tally: BuildTally;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

/**
 * For terminals: what runs is shown with its last lines of output and its time, what is finished stays above in one line.
 * Draws at most ten times a second.
 */
export class TtyRenderer implements Renderer {
  readonly #options: TtyOptions;
  readonly #region: LiveRegion;
  readonly #transfers = new Transfers();
  readonly #timer: NodeJS.Timeout;
  readonly #stopResize: () => void;
  #finished: string[] = [];
  #tick = 0;
  /** The engine's time of the newest event and when we heard of it: running times go on between events. */
  #heard: { readonly time: number; readonly at: number };
  #interrupting = false;

  constructor(options: TtyOptions) {
    this.#options = options;
    this.#region = new LiveRegion(options.out);
    this.#heard = { time: 0, at: options.now() };
    this.#timer = setInterval(() => this.draw(), frameEvery);
    this.#timer.unref();
    this.#stopResize = options.out.onResize(() => this.draw());
  }

  event(event: BuildEvent): void {
    this.#heard = { time: Math.max(event.time, this.#heard.time), at: this.#options.now() };
    this.#finished.push(...this.#permanent(event));
  }

  interrupting(): void {
    this.#interrupting = true;
    this.draw();
  }

  superseded(): void {
    this.#close([this.#options.paint.dim('stopped: something changed')]);
  }

  succeeded(result: BuildResult): void {
    this.#close(summaryLines(result, this.#options.tally, this.#options.paint));
  }

  failed(report: ErrorReport): void {
    this.#close([]);
    this.#options.out.write(renderError(report, this.#options.paint));
  }

  /** Draws the present state. */
  draw(): void {
    const { tally, now } = this.#options;
    const time = this.#heard.time + now() - this.#heard.at;
    const running = tally.steps.filter(step => step.result === undefined);
    const state = {
      running: running.map(step => ({
        label: step.label,
        elapsed: time - step.startedAt,
        lines: step.lines.pending === '' ? step.lastLines : [...step.lastLines, step.lines.pending],
      })),
      transfers: this.#transfers.at(time),
      status: this.#status(time),
      tick: this.#tick++,
    };
    const above = this.#finished;
    this.#finished = [];
    this.#region.draw(frameLines(state, this.#look()), above);
  }

  #close(lines: readonly string[]): void {
    clearInterval(this.#timer);
    this.#stopResize();
    this.#region.draw([], [...this.#finished, ...lines]);
    this.#finished = [];
  }

  #look(): Look {
    const { out, paint, unicode } = this.#options;
    return { paint, symbols: unicode ? unicodeSymbols : asciiSymbols, ...out.size() };
  }

  #status(time: number): string {
    if (this.#interrupting) return 'stopping the steps that run; Ctrl-C again to stop at once';
    const { planned, steps } = this.#options.tally;
    const done = steps.filter(step => step.result !== undefined).length;
    return planned === 0
      ? `building ${showDuration(time)}`
      : `building ${showDuration(time)}, ${done} of ${planned} steps done`;
  }

  /** Lines that stay: one for each step or transfer that is over, and warnings. */
  #permanent(event: BuildEvent): readonly string[] {
    const look = this.#look();
    const { paint, symbols } = look;
    if (event.type === 'stepFinished') return [finishedLine(this.#options.tally.step(event), event.result, look)];
    if (event.type === 'warning') return warningLines(event, paint);
    if (event.type !== 'progress') return [];
    const took = this.#transfers.observe(event);
    if (took === undefined) return [];
    const amount = event.current === undefined || event.current === 0 ? '' : `${showSize(event.current)}  `;
    const label = shownText(activityLabel(event), look);
    return [edgeLine(`${paint.green(symbols.done)} ${label}`, `${amount}${showDuration(took)}`, look)];
  }
}

function finishedLine(step: StepRecord, result: StepResult, look: Look): string {
  const mark = markOf(result, look);
  const time = showDuration((step.finishedAt ?? step.startedAt) - step.startedAt);
  const ending =
    result.kind === 'config' ? '' : result.kind === 'cached' || result.kind === 'stopped' ? result.kind : time;
  return edgeLine(`${mark} ${shownText(step.label, look)}`, ending, look);
}

function markOf({ kind }: StepResult, { paint, symbols }: Look): string {
  if (kind === 'failed') return paint.red(symbols.failed);
  return kind === 'stopped' ? paint.dim(symbols.stopped) : paint.green(symbols.done);
}
