import type { SourceRange } from '@varve/dockerfile';
import { type ErrorPlace, VarveError, type VarveErrorDetails } from './error.js';

/** A range of a Dockerfile as the place of an error. */
export function placeOf(range: SourceRange): ErrorPlace {
  return {
    file: range.file,
    line: range.start.line,
    column: range.start.column,
    endLine: range.end.line,
    endColumn: range.end.column,
  };
}

/**
 * Runs something that belongs to a range of the Dockerfile; a coded error that has no place of its own gets this one.
 * Errors of other packages become {@link VarveError}s with the same code.
 */
export async function inRange<T>(range: SourceRange, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw withPlace(error, range);
  }
}

/** The error with a range as its place, where it is a coded one that has none of its own. */
export function withPlace(error: unknown, range: SourceRange): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  const known = error as Error & VarveErrorDetails & { code: string; range?: SourceRange };
  if (known.where !== undefined || error.name === 'AbortError') return error;
  return new VarveError(known.code, error.message, {
    ...(known.hint === undefined ? {} : { hint: known.hint }),
    ...(known.data === undefined ? {} : { data: known.data }),
    // A mistake of the language knows the very word.
    where: placeOf(known.range ?? range),
    cause: error,
  });
}
