import { parseCheckOptions, withoutRemark } from './check-options.js';
import type { CheckDirective, Directives } from './dockerfile.js';
import { DockerfileError } from './errors.js';
import { withoutLineEnd } from './lines.js';
import type { SourceRange, Word } from './source.js';
import { skipSpace } from './text.js';

/** The directives at the head of a file, and how many lines they take. */
export interface DirectiveReading {
  readonly directives: Directives;
  /** Lines up to here are directives (or the `#!` line before them), not comments. */
  readonly lines: number;
}

const names = ['syntax', 'escape', 'check'];
const directive = /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*([^\n]+?)[\t\n\f\r ]*$/;

interface Found {
  readonly name: string;
  /** White space stands before the `#`. */
  readonly indented: boolean;
  readonly value: Word;
  readonly range: SourceRange;
}

/**
 * Reads `# syntax=`, `# escape=` and `# check=`. They stand before everything else; the first line that is none ends
 * them, be it a comment or blank. The reference looks for `escape` while it parses and for the others before, which
 * shows twice: after a `#!` line `syntax` and `check` are still found, `escape` is not, and what comes twice counts as
 * written first; and from a line with white space before its `#` on, `escape` alone is found.
 *
 * @throws DockerfileError E_DIRECTIVE
 */
export function readDirectives(lines: readonly string[], file: string): DirectiveReading {
  const shebang = lines[0]?.startsWith('#!') ?? false;
  const found = new Map<string, Found>();
  let indented = false;
  let at = shebang ? 1 : 0;
  for (; at < lines.length; at++) {
    const entry = readDirective(lines[at] ?? '', at + 1, file);
    if (entry === undefined) break;
    const earlier = found.get(entry.name);
    if (earlier !== undefined && shebang) break;
    if (earlier !== undefined) {
      const hint = `it is set before on line ${earlier.range.start.line}`;
      throw new DockerfileError('E_DIRECTIVE', `only one ${entry.name} directive may be given`, entry.range, hint);
    }
    indented ||= entry.indented;
    found.set(entry.name, { ...entry, indented });
  }
  const flush = (name: string): Found | undefined => {
    const entry = found.get(name);
    return entry?.indented ? undefined : entry;
  };
  const syntax = flush('syntax');
  const escaping = shebang ? undefined : found.get('escape');
  const check = flush('check');
  return {
    directives: {
      ...(syntax === undefined ? {} : { syntax: syntax.value }),
      escape: escaping === undefined ? '\\' : escapeOf(escaping),
      ...(check === undefined ? {} : { check: checkOf(check) }),
    },
    lines: found.size === 0 ? 0 : at,
  };
}

function readDirective(raw: string, line: number, file: string): Found | undefined {
  const text = withoutLineEnd(raw);
  const hash = skipSpace(text, 0);
  if (text[hash] !== '#') return undefined;
  const start = skipSpace(text, hash + 1);
  const match = directive.exec(text.slice(start));
  const name = match?.[1]?.toLowerCase() ?? '';
  if (match === null || !names.includes(name)) return undefined;
  const value = match[2] ?? '';
  const valueStart = text.indexOf(value, start + match[0].indexOf('=') + 1);
  const word = name === 'syntax' ? withoutRemark(value) : value;
  const place = (from: number, to: number): SourceRange => ({
    file,
    start: { line, column: from + 1 },
    end: { line, column: to + 1 },
  });
  return {
    name,
    indented: hash > 0,
    value: { value: word, range: place(valueStart, valueStart + word.length) },
    range: place(hash, valueStart + value.length),
  };
}

function escapeOf({ value }: Found): '\\' | '`' {
  if (value.value === '\\' || value.value === '`') return value.value;
  const message = `the escape character is \\ or \`, not ${JSON.stringify(value.value)}`;
  throw new DockerfileError('E_DIRECTIVE', message, value.range);
}

function checkOf({ value, range }: Found): CheckDirective {
  const options = parseCheckOptions(withoutRemark(value.value));
  if (typeof options !== 'string') return { ...options, range };
  const hint = 'write # check=skip=<rules>;error=<true or false>;experimental=<rules>';
  throw new DockerfileError('E_DIRECTIVE', options, value.range, hint);
}
