import type { ImageConfigFacts } from './image-facts.js';

/** An entry of an image's history, as far as it is the same from build to build. */
type Entry = NonNullable<ImageConfigFacts['history']>[number];

/** A way in which two histories differ: `history.3` and what of it. */
export interface HistoryDifference {
  readonly where: string;
  readonly what: 'created_by' | 'comment' | 'empty_layer' | 'presence';
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** Every difference between two histories but the times. */
export function diffHistory(ours: readonly Entry[] = [], theirs: readonly Entry[] = []): HistoryDifference[] {
  const found: HistoryDifference[] = [];
  for (let index = 0; index < Math.max(ours.length, theirs.length); index++) {
    const where = `history.${index}`;
    const [left, right] = [ours[index], theirs[index]];
    if (left === undefined || right === undefined) {
      found.push({ where, what: 'presence', ours: left?.created_by, theirs: right?.created_by });
      continue;
    }
    for (const what of ['created_by', 'comment', 'empty_layer'] as const)
      if ((left[what] ?? false) !== (right[what] ?? false))
        found.push({ where, what, ours: left[what], theirs: right[what] });
  }
  return found;
}
