import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { codeOf } from '../model/error.js';
import type { BytePath } from './byte-paths.js';
import type { SharedFolder } from './swap.js';

/** What has to be undone besides the swap itself. */
export type Deed =
  /** A folder of somebody else is in the root. */
  | { readonly kind: 'borrowed'; readonly from: BytePath; readonly to: BytePath }
  /** A file of the container holds another text. */
  | { readonly kind: 'rewritten'; readonly path: string; readonly text: string };

/** How far a swap is. */
export interface SwapRecord {
  /**
   * `parking`: all in the root that does not stay is its own. `shown`: all is the stage's. `restoring`: all is its own again, but
   * some still parked. `settled`: nothing is parked.
   */
  readonly phase: 'parking' | 'shown' | 'restoring' | 'settled';
  readonly stage: BytePath;
  readonly shared: readonly SharedFolder[];
  readonly deeds: readonly Deed[];
  /** Files that were taken out of the file tree, to be put back. */
  readonly hidden: readonly string[];
}

/** What somebody who finds a root that is swapped needs to swap it back: a file that is there as long as it is. */
export class Journal {
  readonly #file: string;
  #record: SwapRecord | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** What the last one wrote who did not come to an end; undefined where all is in order. */
  read(): SwapRecord | undefined {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8')) as SwapRecord;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  begin(stage: BytePath, hidden: readonly string[]): void {
    this.#write({ phase: 'parking', stage, shared: [], deeds: [], hidden });
  }

  note(news: Partial<Pick<SwapRecord, 'phase' | 'shared' | 'deeds'>>): void {
    if (this.#record) this.#write({ ...this.#record, ...news });
  }

  /** Nothing has moved, or all is back. */
  get isSettled(): boolean {
    const { phase, shared } = this.#record ?? {};
    return phase === 'settled' || (phase === 'parking' && shared?.length === 0);
  }

  end(): void {
    this.#record = undefined;
    rmSync(this.#file, { force: true });
  }

  /** By rename, so that it is never half of one. */
  #write(record: SwapRecord): void {
    this.#record = record;
    writeFileSync(`${this.#file}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}
