/**
 * The candidate that a message of BuildKit's linter suggests for a name: the first with the fewest edits (letters
 * inserted, dropped or changed), two at most; case counts.
 */
export function suggestion(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestCost = 3;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestCost) continue;
    const cost = levenshtein(name, candidate);
    if (cost === 0) return undefined;
    if (cost >= bestCost) continue;
    best = candidate;
    bestCost = cost;
  }
  return best;
}

function levenshtein(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      current.push(Math.min((above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (above[column - 1] ?? 0) + same));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
