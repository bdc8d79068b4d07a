import { skippedChecks } from '../check-options.js';
import type { FlagKind, FlagSet } from '../flags.js';
import { readFlags } from '../flags.js';
import type { Heredoc, InstructionBase } from '../instruction.js';
import type { SourceRange } from '../source.js';
import type { Statement } from '../statement.js';

/** What a keyword's reader needs besides the statement. */
export interface BuildContext {
  readonly escapeChar: '\\' | '`';
}

/** The fields that every instruction has. */
export function baseOf(statement: Statement): InstructionBase {
  const { keyword, original, flags, comments, heredocs } = statement;
  return {
    range: heredocs.length === 0 ? statement.range : { ...statement.range, end: endOf(statement.range, heredocs) },
    keywordAsWritten: keyword,
    original,
    flags: flags.length === 0 ? [] : flags.map(({ value, range }) => ({ value, range })),
    comments,
    skipChecks: comments.length === 0 ? [] : skippedChecks(comments),
    ...(statement.emptyContinuation === undefined ? {} : { emptyContinuation: statement.emptyContinuation }),
  };
}

/** The end of the line that ends the last heredoc. */
function endOf(range: SourceRange, heredocs: readonly Heredoc[]): SourceRange['end'] {
  const lines = heredocs.reduce((sum, heredoc) => sum + (heredoc.source.split('\n').length - 1) + 1, 0);
  return { line: range.end.line + lines, column: (heredocs.at(-1)?.name.length ?? 0) + 1 };
}

/** The statement's flags, judged. */
export function flagsOf(statement: Statement, known: Readonly<Record<string, FlagKind>> = {}): FlagSet {
  return readFlags(statement.name, statement.flags, known);
}
