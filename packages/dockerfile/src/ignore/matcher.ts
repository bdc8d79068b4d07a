import { DockerfileError } from '../errors.js';
import { badPattern } from '../glob.js';
import { withoutLineEnd } from '../lines.js';
import type { SourceRange } from '../source.js';
import { trim } from '../text.js';
import { cleanPath } from './clean.js';
import { type CompiledPattern, compilePattern } from './pattern.js';
import { IgnoreScope } from './scope.js';

/**
 * Decides which paths a list of patterns ignores. Paths are relative to the root of the tree, with slashes. A path
 * below an ignored directory is ignored, unless a later `!` pattern matches it or a directory above it.
 */
export interface IgnoreMatcher {
  /** The patterns as cleaned, `!` included. */
  readonly patterns: readonly string[];
  /** Whether there is a `!` pattern. */
  readonly exclusions: boolean;
  /** The root directory: walk down from here with `enter` and ask `ignores`; far faster than `matches` for each path. */
  readonly root: IgnoreScope;
  /** Whether the path is ignored. */
  matches(path: string): boolean;
  /** Whether something below the directory may be kept; where not, it need not be walked. */
  mayContainUnignored(directory: string): boolean;
}

/** A pattern and where it was written. */
interface PatternLine {
  readonly pattern: string;
  readonly range: SourceRange;
}

/**
 * Reads an ignore file: one pattern a line, `#` in the first column begins a comment, white space around does not
 * count, a leading `/` neither.
 *
 * @throws DockerfileError E_BAD_PATTERN
 */
export function compileIgnore(text: string, options: { readonly file?: string } = {}): IgnoreMatcher {
  return compileLines(readPatterns(text, options.file ?? '.dockerignore'));
}

/**
 * Makes a matcher of patterns as they are, for `--exclude` and `--parents`.
 *
 * @throws DockerfileError E_BAD_PATTERN
 */
export function compilePatterns(patterns: readonly string[]): IgnoreMatcher {
  const lines = patterns.map((pattern, index) => ({
    pattern,
    range: {
      file: '',
      start: { line: index + 1, column: 1 },
      end: { line: index + 1, column: pattern.length + 1 },
    },
  }));
  return compileLines(lines);
}

function readPatterns(text: string, file: string): readonly PatternLine[] {
  const lines: PatternLine[] = [];
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  for (const [index, raw] of body.split('\n').entries()) {
    const line = withoutLineEnd(raw);
    const trimmed = trim(line);
    if (line.startsWith('#') || trimmed === '') continue;
    const inverted = trimmed.startsWith('!');
    let pattern = inverted ? trim(trimmed.slice(1)) : trimmed;
    if (pattern !== '') {
      pattern = cleanPath(pattern);
      if (pattern.length > 1 && pattern.startsWith('/')) pattern = pattern.slice(1);
    }
    const column = line.indexOf(trimmed) + 1;
    const start = { line: index + 1, column };
    const range = { file, start, end: { line: index + 1, column: column + trimmed.length } };
    lines.push({ pattern: inverted ? `!${pattern}` : pattern, range });
  }
  return lines;
}

function compileLines(lines: readonly PatternLine[]): IgnoreMatcher {
  const compiled = lines.flatMap(compileLine);
  const root = IgnoreScope.root(compiled);
  return {
    patterns: compiled.map(({ text, exclusion }) => (exclusion ? `!${text}` : text)),
    exclusions: compiled.some(pattern => pattern.exclusion),
    root,
    matches: path => matchPath(root, path),
    mayContainUnignored: directory => segmentsOf(directory).reduce((scope, name) => scope.enter(name), root).mayKeep,
  };
}

function compileLine({ pattern, range }: PatternLine): readonly CompiledPattern[] {
  const trimmed = trim(pattern);
  if (trimmed === '') return [];
  const cleaned = cleanPath(trimmed);
  const exclusion = cleaned.startsWith('!');
  try {
    if (cleaned === '!') throw badPattern('!', 'nothing follows the !');
    return [compilePattern(exclusion ? cleaned.slice(1) : cleaned, exclusion)];
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    throw new DockerfileError(error.code, error.message, range, error.hint);
  }
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter(segment => segment !== '' && segment !== '.');
}

function matchPath(root: IgnoreScope, path: string): boolean {
  const segments = segmentsOf(path);
  const name = segments.at(-1);
  if (name === undefined) return path.startsWith('/') && root.ignoresByDefault;
  let scope = root;
  for (const directory of segments.slice(0, -1)) scope = scope.enter(directory);
  return scope.ignores(name);
}
