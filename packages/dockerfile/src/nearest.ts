/**
 * The candidate that `word` was probably meant to be: the one with the fewest edits (inserted, dropped, changed or
 * swapped letters), at most three and at most half of the word. Case counts for little: `From` is near `FROM`.
 * The first of equals wins; a candidate that equals the word is no suggestion.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const sought = word.toLowerCase();
  let best: string | undefined;
  let bestCost = Math.min(3, Math.floor(sought.length / 2)) + 0.5;
  for (const candidate of candidates) {
    if (candidate === word) continue;
    if (Math.abs(candidate.length - sought.length) >= bestCost) continue;
    const cost = editDistance(sought, candidate.toLowerCase());
    if (cost < bestCost) {
      best = candidate;
      bestCost = cost;
    }
  }
  return best;
}

/** Optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + same,
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (older[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    older = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** `did you mean X?` for a hint, when something is near. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const near = nearest(word, candidates);
  return near === undefined ? undefined : `did you mean ${near}?`;
}
