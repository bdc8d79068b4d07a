import type { CopyProgress } from '@varve/oci';
import { showSize } from '../show/size.js';
import { LiveRegion } from '../terminal/live-region.js';
import type { Output } from '../terminal/output.js';

const words = { exists: ['was there', 'in'], mounted: ['mounted', 'in'], done: ['copied', 'to'] } as const;

/** Shows how blobs are copied: a line for each that is done and, on a terminal, one that tells how far the others are. */
export class CopyLines {
  readonly #out: Output;
  readonly #region: LiveRegion | undefined;
  readonly #open = new Map<string, { readonly size: number; readonly sent: number }>();
  #drawnAt = 0;

  constructor(out: Output) {
    this.#out = out;
    this.#region = out.isTTY ? new LiveRegion(out) : undefined;
  }

  readonly observe = ({ descriptor, repository, state, sent }: CopyProgress): void => {
    const { digest, size } = descriptor;
    const key = `${repository?.registry}/${repository?.repository} ${digest}`;
    if (state === 'started' || state === 'moving') {
      this.#open.set(key, { size, sent });
      this.#draw([], false);
      return;
    }
    this.#open.delete(key);
    const [word, preposition] = words[state];
    const where = repository === undefined ? '' : ` ${preposition} ${repository.registry}/${repository.repository}`;
    this.#draw([`${digest.slice(0, 19)} ${showSize(size).padStart(8)} ${word}${where}`], true);
  };

  /** Shows a line that stays. */
  warn(line: string): void {
    this.#draw([line], true);
  }

  /** Takes away what is not to stay. */
  end(): void {
    this.#region?.clear();
  }

  #draw(above: readonly string[], now: boolean): void {
    if (this.#region === undefined) {
      for (const line of above) this.#out.write(`${line}\n`);
      return;
    }
    if (!now && Date.now() - this.#drawnAt < 100) return;
    this.#drawnAt = Date.now();
    const open = [...this.#open.values()];
    const [sent, size] = [
      open.reduce((sum, each) => sum + each.sent, 0),
      open.reduce((sum, each) => sum + each.size, 0),
    ];
    const live = open.length === 0 ? [] : [`${open.length} on the way: ${showSize(sent)} of ${showSize(size)}`];
    this.#region.draw(live, above);
  }
}
