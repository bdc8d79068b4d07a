import type { Output } from './output.js';
import { displayWidth } from './width.js';

const noWrap = '\x1b[?7l';
const wrap = '\x1b[?7h';

/**
 * A few lines at the end of a terminal that are drawn over again and again, with text that stays above them. Each drawing is one
 * write that leaves the cursor below the region and the terminal as it was (cursor shown, lines wrapping), so that nothing has to be
 * restored however the process ends.
 */
export class LiveRegion {
  readonly #out: Output;
  #drawn: readonly string[] = [];

  constructor(out: Output) {
    this.#out = out;
  }

  /** Replaces the region by `lines`, one terminal line each, after writing `above` where it was. */
  draw(lines: readonly string[], above: readonly string[] = []): void {
    if (above.length === 0 && sameLines(lines, this.#drawn)) return;
    const kept = above.map(line => `${line}\n`).join('');
    const shown = lines.length === 0 ? '' : `${noWrap}${lines.map(line => `${line}\n`).join('')}${wrap}`;
    this.#out.write(this.#erasing() + kept + shown);
    this.#drawn = lines;
  }

  /** Takes the region away. */
  clear(): void {
    this.draw([]);
  }

  #erasing(): string {
    if (this.#drawn.length === 0) return '';
    return `\r\x1b[${this.#rows()}A\x1b[J`;
  }

  /** Rows the region takes now: a terminal that became narrower has wrapped what was drawn for a wider one. */
  #rows(): number {
    const { columns, rows } = this.#out.size();
    const taken = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0);
    return Math.min(taken, Math.max(1, rows - 1));
  }
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}
