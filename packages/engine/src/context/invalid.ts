import { VarveError } from '../model/error.js';

/** There is nothing at the reference. */
export function notFound(message: string, hint?: string, cause?: unknown): VarveError {
  return new VarveError('E_CONTEXT_NOT_FOUND', message, { ...(hint === undefined ? {} : { hint }), cause });
}

/** There is something, and it is no context. */
export function invalidContext(message: string, hint?: string, cause?: unknown): VarveError {
  return new VarveError('E_CONTEXT_INVALID', message, { ...(hint === undefined ? {} : { hint }), cause });
}
