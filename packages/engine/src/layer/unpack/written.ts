import type { TreePath } from '../../model/path.js';
import { isIn, isWithin, parentOf } from '../../path/name.js';

/** What the layer that is being unpacked wrote: its whiteouts hide what lower layers hold, never its own. */
export class Written {
  readonly #paths = new Set<TreePath>();
  readonly #above = new Set<TreePath>();
  /** The directory of the path before, which is that of the next one too most often. */
  #last: TreePath | undefined;

  add(path: TreePath): void {
    this.#paths.add(path);
    if (this.#last !== undefined && isIn(this.#last, path)) return;
    this.#last = parentOf(path);
    for (let dir = parentOf(path); !this.#above.has(dir); dir = parentOf(dir)) {
      this.#above.add(dir);
      if (dir === '') return;
    }
  }

  /** Whether the layer has an entry for the path. */
  has(path: TreePath): boolean {
    return this.#paths.has(path);
  }

  /** Whether the layer has an entry for something below the path. */
  hasBelow(path: TreePath): boolean {
    return this.#above.has(path);
  }

  /** Everything below a path (itself too) was replaced. */
  forget(path: TreePath): void {
    if (!this.#above.has(path)) {
      this.#paths.delete(path);
      return;
    }
    this.#last = undefined;
    for (const set of [this.#paths, this.#above]) {
      for (const known of set) if (isWithin(path, known)) set.delete(known);
    }
  }
}
