import { DockerfileError } from '../errors.js';
import type { ArgInstruction, EnvInstruction, KeyValue, LabelInstruction } from '../instruction.js';
import type { SourceRange } from '../source.js';
import type { Statement } from '../statement.js';
import { atLeastOne, countError } from './argument-count.js';
import { baseOf, flagsOf } from './base.js';

/** ENV name=value… or ENV name value */
export function buildEnv(statement: Statement): EnvInstruction {
  return { keyword: 'ENV', ...baseOf(statement), entries: entriesOf(statement) };
}

/** LABEL name=value… or LABEL name value */
export function buildLabel(statement: Statement): LabelInstruction {
  return { keyword: 'LABEL', ...baseOf(statement), entries: entriesOf(statement) };
}

function entriesOf(statement: Statement): readonly KeyValue[] {
  flagsOf(statement);
  if (statement.pairs.length === 0) {
    const hint = `write ${statement.name} <name>=<value>`;
    throw countError(statement, `${statement.name} wants at least one argument`, hint);
  }
  return statement.pairs.map(({ key, value, separator }) => {
    if (key.value === '') throw blankName(statement, value.range);
    return { key, value, legacy: separator === '' };
  });
}

/** ARG name[=default]… */
export function buildArg(statement: Statement): ArgInstruction {
  flagsOf(statement);
  const args = atLeastOne(statement).map(word => {
    const equals = word.value.indexOf('=');
    if (equals < 0) return { name: word.value, range: word.range };
    if (equals === 0) throw blankName(statement, word.range);
    const start = { line: word.range.start.line, column: word.range.start.column + equals + 1 };
    // a word that is broken over lines has no column to count from
    const inLine = word.range.start.line === word.range.end.line;
    const range = inLine ? { ...word.range, start } : word.range;
    return {
      name: word.value.slice(0, equals),
      range: word.range,
      default: { value: word.value.slice(equals + 1), range },
    };
  });
  return { keyword: 'ARG', ...baseOf(statement), args };
}

function blankName(statement: Statement, range: SourceRange): DockerfileError {
  return new DockerfileError('E_BAD_ARGUMENT', `a name in ${statement.name} is empty`, range, 'write <name>=<value>');
}
