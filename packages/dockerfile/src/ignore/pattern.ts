import { badPattern, type GlobToken, matchesOne, matchTokens, parseGlob } from '../glob.js';

/**
 * One part of a pattern between slashes. `deep` is `**`: any number of directories, or, as the last part, everything
 * below. `name` tests one name; where the part is plain text, `text` is it.
 */
export type Segment =
  | { readonly kind: 'deep' }
  | { readonly kind: 'name'; readonly text?: string; readonly matches: (name: string) => boolean };

/** A pattern ready for matching: by segments while walking, or against whole paths where a part of it may match a slash. */
export interface CompiledPattern {
  /** As cleaned, without `!`. */
  readonly text: string;
  readonly exclusion: boolean;
  readonly segments?: readonly Segment[];
  readonly wholePath?: (path: string) => boolean;
}

/**
 * Compiles a cleaned pattern of moby's patternmatcher.
 *
 * @throws DockerfileError E_BAD_PATTERN
 */
export function compilePattern(text: string, exclusion: boolean): CompiledPattern {
  const tokens = parseGlob(text);
  const parts = splitSegments(text);
  const classes = tokens.filter(token => token.kind === 'class');
  // filepath.Match takes it for a range that nothing is in, patternmatcher's regular expressions refuse it
  if (classes.some(({ ranges }) => ranges.some(([low, high]) => low > high))) {
    throw badPattern(text, 'a range in brackets is the wrong way round');
  }
  const bySegments =
    parts.every(part => part === '**' || !hasDoubleStar(part)) &&
    classes.every(token => !matchesOne(token, '/')) &&
    (classes.length === 0 || parts.length === 1 || parts.every(isBalanced));
  return bySegments
    ? { text, exclusion, segments: parts.map(compileSegment) }
    : { text, exclusion, wholePath: compileWholePath(text) };
}

/** The parts between slashes; a slash in brackets or after `\` separates too, which `isBalanced` then notices. */
function splitSegments(text: string): readonly string[] {
  return text.split('/');
}

/** Whether the part is a pattern of its own: no bracket is cut in two. */
function isBalanced(part: string): boolean {
  try {
    parseGlob(part);
    return true;
  } catch {
    return false;
  }
}

/** `**` outside brackets and not escaped. */
function hasDoubleStar(part: string): boolean {
  let inBrackets = false;
  for (let at = 0; at < part.length; at++) {
    const character = part.charAt(at);
    if (character === '\\') at++;
    else if (character === '[') inBrackets = true;
    else if (character === ']') inBrackets = false;
    else if (!inBrackets && character === '*' && part.charAt(at + 1) === '*') return true;
  }
  return false;
}

function compileSegment(part: string): Segment {
  if (part === '**') return { kind: 'deep' };
  const tokens = parseGlob(part);
  const text = literalText(tokens);
  if (text !== undefined) return { kind: 'name', text, matches: name => name === text };
  return { kind: 'name', matches: nameTest(tokens) };
}

/** The text that the tokens stand for, when they are all plain characters. */
function literalText(tokens: readonly GlobToken[]): string | undefined {
  let text = '';
  for (const token of tokens) {
    if (token.kind !== 'is') return undefined;
    text += token.character;
  }
  return text;
}

/** A test for one name; the common shapes `*`, `*x` and `x*` need no backtracking. */
function nameTest(tokens: readonly GlobToken[]): (name: string) => boolean {
  if (tokens[0]?.kind === 'star') {
    const suffix = literalText(tokens.slice(1));
    if (suffix === '') return () => true;
    if (suffix !== undefined) return name => name.endsWith(suffix);
  }
  if (tokens.at(-1)?.kind === 'star') {
    const prefix = literalText(tokens.slice(0, -1));
    if (prefix !== undefined) return name => name.startsWith(prefix);
  }
  // most names fail on the plain part of a pattern, which is quicker to look for
  const part = longestLiteral(tokens);
  return name => name.includes(part) && matchTokens(tokens, name);
}

/** The longest run of plain characters. */
function longestLiteral(tokens: readonly GlobToken[]): string {
  let longest = '';
  let run = '';
  for (const token of tokens) {
    run = token.kind === 'is' ? run + token.character : '';
    if (run.length > longest.length) longest = run;
  }
  return longest;
}

/** A pattern in which `**` is part of a name (`**file`, `a**`), or brackets match a slash, tested against whole paths. */
function compileWholePath(text: string): (path: string) => boolean {
  const plain = (part: string): boolean => !/[*?[\]\\]/.test(part);
  if (text.startsWith('**') && text[2] !== '/' && plain(text.slice(2))) {
    const suffix = text.slice(2);
    return path => path.endsWith(suffix);
  }
  if (text.endsWith('**') && plain(text.slice(0, -2))) {
    const prefix = text.slice(0, -2);
    return path => path.startsWith(prefix);
  }
  const expression = new RegExp(`^${expressionOf(text)}$`, 'us');
  return path => expression.test(path);
}

function expressionOf(text: string): string {
  const characters = Array.from(text);
  let source = '';
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*' && characters[at + 1] === '*') {
      at++;
      if (characters[at + 1] === '/') at++;
      source += at + 1 < characters.length ? '(?:.*/)?' : '.*';
    } else if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const end = classEnd(characters, at);
      source += classSource(characters.slice(at, end).join(''));
      at = end - 1;
    } else if (character === '\\') source += literalSource(characters[++at] ?? '');
    else source += literalSource(character);
  }
  return source;
}

/** The index after the `]` that closes the class opened at `start`; the pattern is known to be well-formed. */
function classEnd(characters: readonly string[], start: number): number {
  let at = start + 1;
  while (at < characters.length && characters[at] !== ']') at += characters[at] === '\\' ? 2 : 1;
  return at + 1;
}

function classSource(text: string): string {
  const [token] = parseGlob(text);
  if (token?.kind !== 'class') return literalSource(text);
  const codePoint = (code: number): string => `\\u{${code.toString(16)}}`;
  return `[${token.negated ? '^' : ''}${token.ranges.map(([low, high]) => `${codePoint(low)}-${codePoint(high)}`).join('')}]`;
}

function literalSource(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
}
