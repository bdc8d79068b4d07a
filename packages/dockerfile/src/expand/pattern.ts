/**
 * Shell patterns of `${v#p}`, `${v%p}` and `${v/p/r}`: `*` and `?`, escapes, no brackets. Matching is done by
 * dynamic programming over positions, so that no pattern takes more than (pattern × value) steps.
 */
type Token = { readonly kind: 'any' } | { readonly kind: 'one' } | { readonly kind: 'is'; readonly character: string };

/** The tokens of a pattern, or undefined when it escapes what needs no escape. */
function tokenize(pattern: string): readonly Token[] | undefined {
  const characters = Array.from(pattern);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*') tokens.push({ kind: 'any' });
    else if (character === '?') tokens.push({ kind: 'one' });
    else if (character !== '\\') tokens.push({ kind: 'is', character });
    else {
      const escaped = characters[++at];
      if (escaped === undefined || !'}/*?\\'.includes(escaped)) return undefined;
      tokens.push({ kind: 'is', character: escaped });
    }
  }
  return tokens;
}

/** Which prefixes of `value` from `start` match the whole of `tokens`: their ends, ascending. */
function matchEnds(tokens: readonly Token[], value: readonly string[], start: number): readonly number[] {
  const ends: number[] = [];
  // reached[t]: the first t tokens match value[start..at)
  let reached = close(new Array<boolean>(tokens.length + 1).fill(false), tokens, true);
  for (let at = start; ; at++) {
    if (reached[tokens.length]) ends.push(at);
    const character = value[at];
    if (character === undefined) return ends;
    const next = new Array<boolean>(tokens.length + 1).fill(false);
    let alive = false;
    for (let t = 0; t < tokens.length; t++) {
      if (!reached[t]) continue;
      const token = tokens[t];
      if (token === undefined) continue;
      if (token.kind === 'any') {
        if (character === '\n') continue;
        next[t] = true;
      } else if (token.kind === 'one' ? character !== '\n' : token.character === character) {
        next[t + 1] = true;
      } else continue;
      alive = true;
    }
    if (!alive) return ends;
    reached = close(next, tokens, false);
  }
}

/** Lets `*` match nothing. */
function close(reached: boolean[], tokens: readonly Token[], begin: boolean): boolean[] {
  if (begin) reached[0] = true;
  for (let t = 0; t < tokens.length; t++) if (reached[t] && tokens[t]?.kind === 'any') reached[t + 1] = true;
  return reached;
}

/** `${v#p}` and, with `longest`, `${v##p}`; undefined when the pattern is malformed. */
export function removePrefix(value: string, pattern: string, longest: boolean): string | undefined {
  const tokens = tokenize(pattern);
  if (tokens === undefined) return undefined;
  return cut(tokens, Array.from(value), longest).join('');
}

/** `${v%p}` and, with `longest`, `${v%%p}`; undefined when the pattern is malformed. */
export function removeSuffix(value: string, pattern: string, longest: boolean): string | undefined {
  const tokens = tokenize(pattern);
  if (tokens === undefined) return undefined;
  return cut(tokens.toReversed(), Array.from(value).reverse(), longest).toReversed().join('');
}

function cut(tokens: readonly Token[], value: readonly string[], longest: boolean): readonly string[] {
  const ends = matchEnds(tokens, value, 0);
  const end = longest ? ends.at(-1) : ends[0];
  return end === undefined ? value : value.slice(end);
}

/**
 * `${v/p/r}` and, with `all`, `${v//p/r}`; undefined when the pattern is malformed. In the replacement of `//`, which
 * the reference hands to Go's regular expressions, `$0` is what matched, `$$` a `$`, and any other `$name` is nothing.
 */
export function replacePattern(value: string, pattern: string, replacement: string, all: boolean): string | undefined {
  const tokens = tokenize(pattern);
  if (tokens === undefined) return undefined;
  const characters = Array.from(value);
  let result = '';
  let at = 0;
  let lastEnd = -1;
  while (at <= characters.length) {
    const end = matchEnds(tokens, characters, at).at(-1);
    // an empty match directly after a match does not count, as in Go
    if (end !== undefined && !(end === at && at === lastEnd)) {
      lastEnd = end;
      if (!all) return result + replacement + characters.slice(end).join('');
      result += replacement.includes('$') ? fill(replacement, characters.slice(at, end).join('')) : replacement;
      if (end > at) {
        at = end;
        continue;
      }
    }
    result += characters[at] ?? '';
    at++;
  }
  return result;
}

/** A replacement as Go's regexp.Expand fills it for a pattern without groups. */
function fill(replacement: string, matched: string): string {
  return replacement.replace(/\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu, (all, braced, plain) => {
    if (all === '$$') return '$';
    return (braced ?? plain) === '0' ? matched : '';
  });
}
