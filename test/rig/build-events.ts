import type { VarveOutcome } from './varve.js';

/** Labels of the steps that a build ran, in the order in which they ended. */
export function stepsThatRan(outcome: VarveOutcome): string[] {
  return stepsThat(outcome, 'ran');
}

/** Labels of the steps that came out of a cache. */
export function stepsThatWereCached(outcome: VarveOutcome): string[] {
  return stepsThat(outcome, 'cached');
}

function stepsThat({ events }: VarveOutcome, kind: string): string[] {
  const finished = events.filter(event => event.type === 'stepFinished');
  return finished
    .filter(event => (event.result as { readonly kind: string }).kind === kind)
    .map(event => String(event.label));
}

/** An error as the last line of `--progress json` tells it. */
export interface ToldError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly where?: { readonly file: string; readonly line: number; readonly column: number };
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The errors that a call told as JSON: one of a call that failed, none else. */
export function toldErrors({ events }: VarveOutcome): ToldError[] {
  return events.filter(event => event.type === 'error') as unknown as ToldError[];
}
