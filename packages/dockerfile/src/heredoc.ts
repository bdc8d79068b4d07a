import { DockerfileError } from './errors.js';
import { ExpansionProblem, Lexer, type LexOptions } from './expand/lexer.js';
import type { Heredoc } from './instruction.js';
import { type LogicalLine, rangeOf, withoutLineEnd } from './lines.js';
import type { Position } from './source.js';

/** The `<<NAME` part of a heredoc. */
export interface HeredocHead {
  readonly name: string;
  readonly expand: boolean;
  readonly chomp: boolean;
  readonly fd: number;
}

const head = /^(\d*)<<(-?)([^<]*)$/;
const quotes = /['"]/g;

function lex(text: string, options: Partial<LexOptions>): readonly string[] {
  return new Lexer(text, { escape: '\\', keepUnset: true, lookup: () => undefined, ...options }).run().words;
}

/**
 * Reads one word as a heredoc: `<<EOF`, `<<-EOF`, `3<<EOF`, with the name quoted or not. The body is to be expanded
 * unless some part of the name is quoted.
 *
 * @returns undefined when the word is something else
 * @throws ExpansionProblem when a quote in the name is not closed
 */
function readHeredocHead(word: string): HeredocHead | undefined {
  const match = head.exec(word);
  const rest = match?.[3] ?? '';
  if (match === null || rest === '') return undefined;
  const [name, ...more] = lex(rest, {});
  if (name === undefined || more.length > 0) return undefined;
  const [raw = ''] = lex(rest, { rawQuotes: true });
  const count = (text: string): number => text.match(quotes)?.length ?? 0;
  const fd = match[1] === '' ? 0 : Number(match[1]);
  return { name, expand: count(name) === count(raw), chomp: match[2] === '-', fd };
}

/** `readHeredocHead` that takes a word it cannot read for something else. */
export function asHeredocHead(word: string): HeredocHead | undefined {
  if (!word.includes('<<')) return undefined;
  try {
    return readHeredocHead(word);
  } catch (error) {
    if (error instanceof ExpansionProblem) return undefined;
    throw error;
  }
}

/** A line's words as a shell would split them; none when it cannot (an odd quote): then there are no heredocs. */
function shellWords(line: string): readonly string[] {
  try {
    return lex(line, { rawQuotes: true, rawEscapes: true });
  } catch (error) {
    if (error instanceof ExpansionProblem) return [];
    throw error;
  }
}

/** Heredocs read after a line, and the index of the next line. */
export interface HeredocReading {
  readonly heredocs: readonly Heredoc[];
  readonly next: number;
  /** The end of the line that ends the last of them. */
  readonly end: Position;
}

/**
 * Reads the bodies of the heredocs that a logical line announces, one after the other, from `lines[next]` on.
 *
 * @throws DockerfileError E_UNTERMINATED_HEREDOC, E_BAD_HEREDOC
 */
export function readHeredocs(line: LogicalLine, lines: readonly string[], next: number): HeredocReading {
  const heredocs: Heredoc[] = [];
  let at = next;
  let searched = 0;
  for (const word of shellWords(line.text)) {
    if (!word.includes('<<')) continue;
    const found = line.text.indexOf(word, searched);
    const start = Math.max(found, 0);
    const end = found < 0 ? line.text.length : found + word.length;
    if (found >= 0) searched = end;
    const range = rangeOf(line, start, end);
    let opened: HeredocHead | undefined;
    try {
      opened = readHeredocHead(word);
    } catch (error) {
      if (!(error instanceof ExpansionProblem)) throw error;
      throw new DockerfileError('E_BAD_HEREDOC', `the name of this heredoc cannot be read: ${error.message}`, range);
    }
    if (opened === undefined) continue;
    const begun = at;
    while (at < lines.length && terminatorOf(lines[at] ?? '', opened.chomp) !== opened.name) at++;
    if (at >= lines.length) {
      const hint = `end it with a line that holds only ${opened.name}`;
      throw new DockerfileError('E_UNTERMINATED_HEREDOC', `the heredoc ${opened.name} is never ended`, range, hint);
    }
    const source = lines.slice(begun, at).join('');
    heredocs.push({ ...opened, source, content: opened.chomp ? chompTabs(source) : source, range });
    at++;
  }
  return { heredocs, next: at, end: { line: at, column: withoutLineEnd(lines[at - 1] ?? '').length + 1 } };
}

function terminatorOf(line: string, chomp: boolean): string {
  const text = withoutLineEnd(line);
  return chomp ? text.replace(/^\t+/, '') : text;
}

/** Takes the tabs at the beginning of each line away, as `<<-` does. */
function chompTabs(text: string): string {
  return text.replace(/^\t+/gm, '');
}
