import { codeOf, type ErrorPlace, VarveError } from '../model/error.js';

/** An error as it crosses between processes: by its code, with no class and no secret. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly where?: ErrorPlace;
  readonly data?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** For errors without a code: faults of ours, whose trace helps to mend them. */
  readonly stack?: string;
}

export function toWire(error: unknown): WireError {
  const known = error as Partial<VarveError>;
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (code === undefined) return { code: 'E_INTERNAL', message, ...(known.stack ? { stack: known.stack } : {}) };
  return {
    code,
    message,
    ...(known.hint === undefined ? {} : { hint: known.hint }),
    ...(known.where === undefined ? {} : { where: known.where }),
    ...(known.data === undefined ? {} : { data: known.data }),
  };
}

export function fromWire(wire: WireError): VarveError {
  const { code, message, stack, ...details } = wire;
  const error = new VarveError(code, message, details);
  if (stack) error.stack = stack;
  return error;
}
