import { DockerfileError } from './errors.js';

/** A pattern in brackets: the ranges it has, and whether it means what is not among them. */
interface Class {
  readonly kind: 'class';
  readonly negated: boolean;
  readonly ranges: readonly (readonly [low: number, high: number])[];
}

/** A piece of a pattern that matches one character, or (`star`) any number of them other than `/`. */
export type GlobToken =
  | { readonly kind: 'star' }
  | { readonly kind: 'one' }
  | { readonly kind: 'is'; readonly character: string }
  | Class;

/** The error of a malformed pattern; its range counts within the pattern. */
export function badPattern(pattern: string, message: string, offset = 0): DockerfileError {
  const range = {
    file: '',
    start: { line: 1, column: offset + 1 },
    end: { line: 1, column: pattern.length + 1 },
  };
  const text = `bad pattern ${JSON.stringify(pattern)}: ${message}`;
  return new DockerfileError('E_BAD_PATTERN', text, range, 'escape a special character with \\');
}

/**
 * The tokens of a pattern of Go's filepath.Match on Unix: `*`, `?`, `[a-z]`, `[^a-z]`, `\x`.
 *
 * @throws DockerfileError E_BAD_PATTERN
 */
export function parseGlob(pattern: string): readonly GlobToken[] {
  const characters = Array.from(pattern);
  const tokens: GlobToken[] = [];
  let at = 0;
  /** One character of a class, escaped or not; `-` and `]` must be escaped. */
  const member = (): number => {
    let character = characters[at];
    if (character === undefined) throw badPattern(pattern, 'a [ is not closed');
    if (character === '-' || character === ']') throw badPattern(pattern, `${character} in brackets must be escaped`);
    if (character === '\\') {
      character = characters[++at];
      if (character === undefined) throw badPattern(pattern, 'nothing follows the \\');
    }
    at++;
    if (at >= characters.length) throw badPattern(pattern, 'a [ is not closed');
    return character.codePointAt(0) ?? 0;
  };
  while (at < characters.length) {
    const character = characters[at++] ?? '';
    if (character === '*') {
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' });
    } else if (character === '?') tokens.push({ kind: 'one' });
    else if (character === '\\') {
      const escaped = characters[at++];
      if (escaped === undefined) throw badPattern(pattern, 'nothing follows the \\');
      tokens.push({ kind: 'is', character: escaped });
    } else if (character !== '[') tokens.push({ kind: 'is', character });
    else {
      const negated = characters[at] === '^';
      if (negated) at++;
      const ranges: [number, number][] = [];
      while (ranges.length === 0 || characters[at] !== ']') {
        const low = member();
        let high = low;
        if (characters[at] === '-') {
          at++;
          high = member();
        }
        ranges.push([low, high]);
      }
      at++;
      tokens.push({ kind: 'class', negated, ranges });
    }
  }
  return tokens;
}

/** Whether the token, which is no star, matches the character. */
export function matchesOne(token: GlobToken, character: string): boolean {
  switch (token.kind) {
    case 'star':
      return false;
    case 'one':
      return character !== '/';
    case 'is':
      return token.character === character;
    case 'class': {
      const code = character.codePointAt(0) ?? 0;
      return token.ranges.some(([low, high]) => low <= code && code <= high) !== token.negated;
    }
  }
}

/** Whether the tokens match the whole of `name`. Takes at most (tokens × characters) steps. */
export function matchTokens(tokens: readonly GlobToken[], name: string): boolean {
  const characters = Array.from(name);
  let token = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < characters.length || token < tokens.length) {
    const wanted = tokens[token];
    if (wanted?.kind === 'star') {
      star = token++;
      starAt = at;
      continue;
    }
    const character = characters[at];
    if (wanted !== undefined && character !== undefined && matchesOne(wanted, character)) {
      token++;
      at++;
      continue;
    }
    // let the last star take one character more, which must not be a separator
    if (star < 0 || starAt >= characters.length || characters[starAt] === '/') return false;
    at = ++starAt;
    token = star + 1;
  }
  return true;
}

/**
 * Go's filepath.Match: whether the pattern matches the whole of the name. `*` and `?` never match `/`.
 *
 * @throws DockerfileError E_BAD_PATTERN, whether or not the name would match
 */
export function matchGlob(pattern: string, name: string): boolean {
  return matchTokens(parseGlob(pattern), name);
}

/** Whether the text has a character that means something in a pattern. */
export function hasGlobMeta(pattern: string): boolean {
  return /[*?[\\]/.test(pattern);
}
