import type { BuildEvent, BuildResult } from '@varve/engine';
import type { ErrorReport } from '../errors/report.js';
import type { Output } from '../terminal/output.js';
import type { Renderer } from './renderer.js';

/**
 * Every event as one line of JSON, as the engine gives it, then one of type `result` or `error`.
 */
export class JsonRenderer implements Renderer {
  readonly #out: Output;

  constructor(out: Output) {
    this.#out = out;
  }

  event(event: BuildEvent): void {
    this.#line(event);
  }

  interrupting(): void {
    this.#line({ type: 'interrupting' });
  }

  superseded(): void {
    this.#line({ type: 'superseded' });
  }

  succeeded(result: BuildResult): void {
    const { digest, exports, keptAs, duration } = result;
    this.#line({ type: 'result', digest, exports, keptAs, duration });
  }

  failed(report: ErrorReport): void {
    this.#line(errorEvent(report));
  }

  #line(value: object): void {
    this.#out.write(`${JSON.stringify(value)}\n`);
  }
}

/** The last line of `--progress json` where a call failed. */
export function errorEvent(report: ErrorReport): object {
  const { code, message, hint, where, problems, data, exitCode } = report;
  return { type: 'error', code, message, hint, where, problems, data, exitCode };
}
