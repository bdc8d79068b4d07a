import { DockerfileError } from '../errors.js';
import type { SourceRange, Word } from '../source.js';
import { ExpansionProblem, Lexer, type LexOptions, type LexResult } from './lexer.js';

/** Gives a variable's value; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

export interface ExpandOptions {
  /** The file's escape character; `\` by default. */
  readonly escape?: '\\' | '`';
  /** On `windows` the names of variables are also looked up in upper case. */
  readonly platform?: 'unix' | 'windows';
  /** Told of each expansion of a variable that is not set, whatever becomes of it. */
  readonly onUnset?: (name: string, range: SourceRange) => void;
  /** Told of each variable that is set and expanded. */
  readonly onUse?: (name: string, range: SourceRange) => void;
}

const special = /[$'"\\`]/;

/** The place of a text that stands alone: the whole of a file without name. */
function ownRange(text: string): SourceRange {
  const lines = text.split('\n');
  const end = { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  return { file: '', start: { line: 1, column: 1 }, end };
}

/** Reading modes that only some texts have. */
type Mode = Pick<LexOptions, 'plainQuotes'>;

interface Job {
  readonly text: string;
  readonly range: SourceRange;
  readonly mode?: Mode;
}

function run({ text, range, mode }: Job, lookup: Lookup, options: ExpandOptions): LexResult {
  const { onUnset, onUse } = options;
  const lexer = new Lexer(text, {
    escape: options.escape ?? '\\',
    lookup: options.platform === 'windows' ? name => lookup(name) ?? lookup(name.toUpperCase()) : lookup,
    ...(onUnset === undefined ? {} : { onUnset: (name: string) => onUnset(name, range) }),
    ...(onUse === undefined ? {} : { onUse: (name: string) => onUse(name, range) }),
    ...mode,
  });
  try {
    return lexer.run();
  } catch (error) {
    if (error instanceof ExpansionProblem) throw new DockerfileError(error.code, error.message, range, error.hint);
    throw error;
  }
}

/**
 * Expands the variables of one word and removes its quotes and escapes. White space does not split it.
 *
 * @throws DockerfileError E_BAD_SUBSTITUTION, E_VARIABLE_REQUIRED
 */
export function expandWord(text: string, lookup: Lookup, options: ExpandOptions = {}): string {
  if (!special.test(text)) return text;
  return run({ text, range: ownRange(text) }, lookup, options).text;
}

/**
 * Expands a text and splits the result at white space that is neither quoted nor escaped.
 *
 * @throws DockerfileError E_BAD_SUBSTITUTION, E_VARIABLE_REQUIRED
 */
export function expandWords(text: string, lookup: Lookup, options: ExpandOptions = {}): string[] {
  return [...run({ text, range: ownRange(text) }, lookup, options).words];
}

/** `expandWord` for a word of a file; its place stays, and is the place of errors. */
export function expandInPlace(word: Word, lookup: Lookup, options: ExpandOptions): Word {
  if (!special.test(word.value)) return word;
  return { value: run({ text: word.value, range: word.range }, lookup, options).text, range: word.range };
}

/** `expandWords` for a word of a file: each part has the place of the whole. */
export function expandAndSplit(word: Word, lookup: Lookup, options: ExpandOptions): readonly Word[] {
  const { words } = run({ text: word.value, range: word.range }, lookup, options);
  return words.map(value => ({ value, range: word.range }));
}

/** Expands the body of a heredoc of COPY or ADD: quotes mean nothing, the escape character is always `\`. */
export function expandBody(body: Word, lookup: Lookup, options: ExpandOptions): string {
  const job = { text: body.value, range: body.range, mode: { plainQuotes: true } };
  return run(job, lookup, { ...options, escape: '\\' }).text;
}
