import { commentChecks } from '../check-options.js';
import type { FlagKind, FlagSet } from '../flags.js';
import { readFlags } from '../flags.js';
import type { InstructionBase } from '../instruction.js';
import type { Statement } from '../statement.js';

/** What a keyword's reader needs besides the statement. */
export interface BuildContext {
  readonly escapeChar: '\\' | '`';
}

/** The fields that every instruction has. */
export function baseOf(statement: Statement): InstructionBase {
  const { keyword, original, flags, above } = statement;
  return {
    range: statement.range,
    keywordAsWritten: keyword,
    original,
    flags: flags.length === 0 ? [] : flags.map(({ value, range }) => ({ value, range })),
    comments: above.comments,
    checks: commentChecks(above.check),
    ...(statement.emptyContinuation === undefined ? {} : { emptyContinuation: statement.emptyContinuation }),
  };
}

/** The statement's flags, judged. */
export function flagsOf(statement: Statement, known: Readonly<Record<string, FlagKind>> = {}): FlagSet {
  return readFlags(statement.name, statement.flags, known);
}
