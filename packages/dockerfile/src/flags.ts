import { DockerfileError } from './errors.js';
import { didYouMean } from './nearest.js';
import type { SourceRange, Word } from './source.js';
import { isSpace } from './text.js';
import { type Region, regionRange } from './words.js';

/** A flag as written, quotes and escapes removed. */
export interface FlagToken extends Word {
  /** Where the characters `start` to `end` of `value` stand. */
  rangeWithin(start: number, end: number): SourceRange;
}

/** The flags at the head of an instruction's arguments, and where the rest begins. */
export interface FlagSplit {
  readonly flags: readonly FlagToken[];
  readonly rest: number;
}

/**
 * Reads the words that begin with `--`, up to the first that does not, or to a lone `--`, which is dropped.
 * Both kinds of quotes group, and an escape character takes the next character as it is, in and out of quotes.
 */
export function splitFlags(area: Region, escapeChar: string): FlagSplit {
  const { text } = area;
  const flags: FlagToken[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    if (!text.startsWith('--', at)) return { flags, rest: at };
    const token = readToken(area, at, escapeChar);
    if (token.value === '--') return { flags, rest: token.end };
    flags.push(token);
    at = token.end;
  }
}

interface EndingToken extends FlagToken {
  /** Where in the region the flag ends. */
  readonly end: number;
}

function readToken(area: Region, start: number, escapeChar: string): EndingToken {
  const { text } = area;
  let end = start;
  let plain = true;
  for (; end < text.length && !isSpace(text.charCodeAt(end)); end++) {
    const character = text.charAt(end);
    if (character === '"' || character === "'" || character === escapeChar) {
      plain = false;
      break;
    }
  }
  if (!plain) return readQuotedToken(area, start, escapeChar);
  return {
    value: text.slice(start, end),
    range: regionRange(area, start, end),
    rangeWithin: (from, to) => regionRange(area, start + from, start + to),
    end,
  };
}

function readQuotedToken(area: Region, start: number, escapeChar: string): EndingToken {
  const { text } = area;
  let at = start;
  let value = '';
  const offsets: number[] = [];
  let quote = '';
  for (; at < text.length && (quote !== '' || !isSpace(text.charCodeAt(at))); at++) {
    const character = text.charAt(at);
    if (quote === '' ? character === '"' || character === "'" : character === quote) {
      quote = quote === '' ? character : '';
      continue;
    }
    if (character === escapeChar) {
      if (at + 1 === text.length) continue;
      at++;
    }
    value += text.charAt(at);
    offsets.push(at);
  }
  const end = at;
  const place = (index: number): number => offsets[index] ?? end;
  return {
    value,
    range: regionRange(area, start, end),
    rangeWithin: (from, to) => regionRange(area, place(from), to > from ? place(to - 1) + 1 : place(from)),
    end,
  };
}

/** What a flag takes: nothing or true/false, one value, or one value each time it is given. */
export type FlagKind = 'boolean' | 'value' | 'values';

/** One flag with its value as a word. */
export interface FlagValue {
  readonly name: string;
  readonly token: FlagToken;
  readonly value: Word;
}

/** The flags of one instruction by name. */
export interface FlagSet {
  value(name: string): Word | undefined;
  values(name: string): readonly FlagValue[];
  /** Undefined when the flag is not given. */
  boolean(name: string): boolean | undefined;
}

/** Flags that exist, but not here: in the experimental channel of the reference. */
const experimental: Readonly<Record<string, string>> = {
  device: 'RUN --device exists only in the labs channel of docker/dockerfile',
};

/**
 * Checks the flags of an instruction against those it has.
 *
 * @throws DockerfileError E_UNKNOWN_FLAG, E_DUPLICATE_FLAG, E_BAD_FLAG_VALUE
 */
export function readFlags(
  keyword: string,
  tokens: readonly FlagToken[],
  known: Readonly<Record<string, FlagKind>>,
): FlagSet {
  const found = new Map<string, FlagValue[]>();
  for (const token of tokens) {
    const flag = readFlag(keyword, token, known);
    const earlier = found.get(flag.name);
    if (earlier === undefined) found.set(flag.name, [flag]);
    else if (known[flag.name] === 'values') earlier.push(flag);
    else {
      const line = earlier[0]?.token.range.start.line;
      const hint = `it is given before on line ${line}`;
      throw new DockerfileError('E_DUPLICATE_FLAG', `${keyword} has --${flag.name} twice`, token.range, hint);
    }
  }
  return {
    value: name => found.get(name)?.[0]?.value,
    values: name => found.get(name) ?? [],
    boolean: name => {
      const flag = found.get(name)?.[0];
      return flag === undefined ? undefined : flag.value.value.toLowerCase() !== 'false';
    },
  };
}

function readFlag(keyword: string, token: FlagToken, known: Readonly<Record<string, FlagKind>>): FlagValue {
  const equals = token.value.indexOf('=');
  const nameEnd = equals < 0 ? token.value.length : equals;
  const name = token.value.slice(2, nameEnd);
  const kind = Object.hasOwn(known, name) ? known[name] : undefined;
  if (kind === undefined) throw unknownFlag(keyword, name, token, Object.keys(known));
  const value: Word = {
    value: equals < 0 ? '' : token.value.slice(equals + 1),
    range: token.rangeWithin(Math.min(equals < 0 ? nameEnd : equals + 1, token.value.length), token.value.length),
  };
  if (kind !== 'boolean') {
    if (equals >= 0) return { name, token, value };
    const hint = `write --${name}=<value>`;
    throw new DockerfileError('E_BAD_FLAG_VALUE', `--${name} lacks its value`, token.range, hint);
  }
  const hint = `write --${name} or --${name}=false`;
  if (equals >= 0 && value.value === '') {
    throw new DockerfileError('E_BAD_FLAG_VALUE', `--${name}= lacks its value`, token.range, hint);
  }
  if (!['', 'true', 'false'].includes(value.value.toLowerCase())) {
    const message = `--${name} is true or false, not ${JSON.stringify(value.value)}`;
    throw new DockerfileError('E_BAD_FLAG_VALUE', message, value.range, hint);
  }
  return { name, token, value };
}

function unknownFlag(keyword: string, name: string, token: FlagToken, names: readonly string[]): DockerfileError {
  const candidates = names.map(known => `--${known}`);
  const hint =
    didYouMean(`--${name}`, candidates) ??
    (Object.hasOwn(experimental, name) ? experimental[name] : undefined) ??
    (names.length === 0 ? `${keyword} has no flags` : `${keyword} has ${candidates.join(', ')}`);
  const message = `${keyword} has no flag --${name}`;
  return new DockerfileError('E_UNKNOWN_FLAG', message, token.rangeWithin(0, name.length + 2), hint);
}
