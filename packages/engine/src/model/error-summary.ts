import { codeOf, type VarveError } from './error.js';
import type { ErrorSummary } from './event.js';

/** An error as events carry it. Faults without a code are ours: `E_INTERNAL`. */
export function errorSummary(error: unknown): ErrorSummary {
  const known = error as Partial<VarveError>;
  return {
    code: codeOf(error) ?? 'E_INTERNAL',
    message: error instanceof Error ? error.message : String(error),
    ...(known.hint === undefined ? {} : { hint: known.hint }),
    ...(known.where === undefined ? {} : { where: known.where }),
    ...(known.data === undefined ? {} : { data: known.data }),
  };
}
