import { renderError } from '../errors/render.js';
import type { ErrorReport } from '../errors/report.js';
import type { Paint } from '../terminal/colour.js';
import type { Output } from '../terminal/output.js';
import type { Renderer } from './renderer.js';

/** Nothing but the error, where there is one. */
export class QuietRenderer implements Renderer {
  readonly #out: Output;
  readonly #paint: Paint;

  constructor(out: Output, paint: Paint) {
    this.#out = out;
    this.#paint = paint;
  }

  event(): void {}

  interrupting(): void {}

  superseded(): void {}

  succeeded(): void {}

  failed(report: ErrorReport): void {
    this.#out.write(renderError(report, this.#paint));
  }
}
