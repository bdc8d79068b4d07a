import type { Output } from '../src/terminal/output.js';

/** An output that keeps what is written to it, and a terminal whose size a test changes. */
export class Recorder implements Output {
  readonly writes: string[] = [];
  readonly isTTY: boolean;
  columns = 60;
  rows = 20;
  readonly #resized = new Set<() => void>();

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.writes.push(text);
  }

  size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.columns, rows: this.rows };
  }

  onResize(callback: () => void): () => void {
    this.#resized.add(callback);
    return () => this.#resized.delete(callback);
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    for (const callback of this.#resized) callback();
  }

  get listeners(): number {
    return this.#resized.size;
  }

  get text(): string {
    return this.writes.join('');
  }
}
