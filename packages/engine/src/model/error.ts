/** Where in the user's input a fault lies. Lines and columns count from 1. */
export interface ErrorPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where the offending text ends; a single point when absent. */
  readonly endLine?: number;
  readonly endColumn?: number;
}

export interface VarveErrorDetails {
  /** What the user can do about it, in one sentence. */
  readonly hint?: string;
  readonly where?: ErrorPlace;
  readonly cause?: unknown;
  /** Facts for programs (exit codes, names); never secrets. */
  readonly data?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/**
 * The engine's error. Decide by `code` (listed in `errorCodes`), never by class or text: errors cross threads, processes and
 * copies of this package.
 */
export class VarveError extends Error {
  override readonly name = 'VarveError';
  readonly code: string;
  readonly hint?: string;
  readonly where?: ErrorPlace;
  readonly data?: NonNullable<VarveErrorDetails['data']>;

  constructor(code: string, message: string, details: VarveErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.where !== undefined) this.where = details.where;
    if (details.data !== undefined) this.data = details.data;
  }
}

/** The code of anything thrown: of coded errors of every package and of Node's own (`ENOENT`); undefined otherwise. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
