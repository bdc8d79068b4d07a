import { DockerfileError } from '../errors.js';
import type { Word } from '../source.js';
import type { Statement } from '../statement.js';

/** @throws DockerfileError E_ARGUMENT_COUNT when there is none */
export function atLeastOne(statement: Statement): readonly Word[] {
  if (statement.words.length > 0) return statement.words;
  throw countError(statement, `${statement.name} wants at least one argument`);
}

/** @throws DockerfileError E_ARGUMENT_COUNT when there is none or more than one */
export function exactlyOne(statement: Statement): Word {
  const [only] = statement.words;
  if (only !== undefined && statement.words.length === 1) return only;
  throw countError(statement, `${statement.name} wants exactly one argument`);
}

export function countError(statement: Statement, message: string, hint?: string): DockerfileError {
  return new DockerfileError('E_ARGUMENT_COUNT', message, statement.range, hint);
}
