import type { BytePath } from './byte-paths.js';

/** What stays where it is while a root is swapped. Paths begin with a slash and are relative to the live root; `''` is the root itself. */
export interface Pins {
  /** It stays, with all that is in it. */
  stays(path: BytePath): boolean;
  /** It has something in it that stays: `always`, or only where it cannot be moved as a whole. */
  holds(path: BytePath): 'never' | 'always' | 'perhaps';
}

/** Where clusters mount what is nobody's business: moved along with the folders around it, out of the way of steps, where that works. */
const movable = /^(\/var)?\/run\/secrets(\/|$)/;

/**
 * @param live the root whose content is swapped; `''` for `/`
 * @param points mount points and kept paths, absolute
 */
export function pinsOf(live: BytePath, points: readonly BytePath[]): Pins {
  const staying = new Set<BytePath>();
  const holding = new Map<BytePath, 'always' | 'perhaps'>();
  for (const point of points) {
    if (!point.startsWith(`${live}/`) || point === '/') continue;
    const path = point.slice(live.length);
    staying.add(path);
    const how = movable.test(path) ? 'perhaps' : 'always';
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const above = path.slice(0, at);
      if (how === 'always' || !holding.has(above)) holding.set(above, how);
    }
  }
  return { stays: path => staying.has(path), holds: path => holding.get(path) ?? 'never' };
}
