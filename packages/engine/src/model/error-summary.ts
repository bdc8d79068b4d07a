import type { SourceRange } from '@varve/dockerfile';
import { codeOf, type VarveError } from './error.js';
import type { ErrorSummary } from './event.js';
import { placeOf } from './place.js';

/** An error as events carry it. Faults without a code are ours: `E_INTERNAL`. The language's errors say their place as a range. */
export function errorSummary(error: unknown): ErrorSummary {
  const known = error as Partial<VarveError> & { readonly range?: SourceRange };
  const where = known.where ?? (known.range && placeOf(known.range));
  return {
    code: codeOf(error) ?? 'E_INTERNAL',
    message: error instanceof Error ? error.message : String(error),
    ...(known.hint === undefined ? {} : { hint: known.hint }),
    ...(where === undefined ? {} : { where }),
    ...(known.data === undefined ? {} : { data: known.data }),
  };
}
