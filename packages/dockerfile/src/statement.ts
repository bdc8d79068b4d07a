import { type CommentsBefore, noComments } from './comment-block.js';
import { DockerfileError } from './errors.js';
import { type FlagToken, splitFlags } from './flags.js';
import type { Heredoc } from './instruction.js';
import { readJsonArray } from './json-array.js';
import type { LogicalLine } from './lines.js';
import type { Position, SourceRange, Word } from './source.js';
import { isBlank, skipSpace, trimEnd } from './text.js';
import { type Region, region, regionRange, splitBlanks, splitQuoted, wordAt } from './words.js';

/** `key value` of ENV and LABEL; `separator` is `=`, or empty in the legacy form. */
export interface Pair {
  readonly key: Word;
  readonly value: Word;
  readonly separator: '=' | '';
}

/** An instruction's arguments, split as its keyword wants, not yet judged. */
export interface Arguments {
  /** Words; for ENV and LABEL empty. */
  readonly words: readonly Word[];
  readonly pairs: readonly Pair[];
  /** The words come from a JSON array. */
  readonly json: boolean;
  /** What follows ONBUILD. */
  readonly trigger: Statement | undefined;
}

/** One line as the first pass reads it: keyword, flags, arguments. */
export interface Statement extends Arguments {
  readonly keyword: Word;
  /** The keyword in upper case. */
  readonly name: string;
  readonly flags: readonly FlagToken[];
  readonly original: string;
  /** From the keyword to the end of the last argument. */
  readonly range: SourceRange;
  readonly heredocs: readonly Heredoc[];
  readonly above: CommentsBefore;
  readonly emptyContinuation: SourceRange | undefined;
}

type ArgumentReader = (area: Region, context: ReadContext) => Arguments;

interface ReadContext {
  readonly name: string;
  readonly escapeChar: '\\' | '`';
  readonly depth: number;
}

const noWords: readonly Word[] = [];
const noPairs: readonly Pair[] = [];
const noHeredocs: readonly Heredoc[] = [];
const nothing: Arguments = { words: noWords, pairs: noPairs, json: false, trigger: undefined };

function wordsOnly(words: readonly Word[], json = false): Arguments {
  return { words, pairs: noPairs, json, trigger: undefined };
}

/** How each keyword's arguments are split. */
const readers: Readonly<Record<string, ArgumentReader>> = {
  ADD: jsonOrWords,
  ARG: (area, { escapeChar }) => wordsOnly(splitQuoted(area, escapeChar).map(({ value, range }) => ({ value, range }))),
  CMD: jsonOrText,
  COPY: jsonOrWords,
  ENTRYPOINT: jsonOrText,
  ENV: keyValues,
  EXPOSE: area => wordsOnly(splitBlanks(area)),
  FROM: area => wordsOnly(splitBlanks(area)),
  HEALTHCHECK: typeAndCommand,
  LABEL: keyValues,
  MAINTAINER: wholeText,
  ONBUILD: subStatement,
  RUN: jsonOrText,
  SHELL: jsonOrText,
  STOPSIGNAL: wholeText,
  USER: wholeText,
  VOLUME: jsonOrWords,
  WORKDIR: wholeText,
};

/** The keywords of the language, in upper case. */
export const instructionNames: readonly string[] = Object.keys(readers);

/**
 * Reads a logical line, heredoc bodies not included.
 *
 * @throws DockerfileError E_JSON_NOT_STRINGS, E_ARGUMENT_COUNT, E_BAD_ARGUMENT
 */
export function readStatement(line: LogicalLine, escapeChar: '\\' | '`', above: CommentsBefore): Statement {
  return readRegion(region(line, 0, line.text.length), { escapeChar, depth: 0, above });
}

interface RegionContext {
  readonly escapeChar: '\\' | '`';
  readonly depth: number;
  readonly above: CommentsBefore;
}

function readRegion(area: Region, { escapeChar, depth, above }: RegionContext): Statement {
  const { text } = area;
  const start = skipSpace(text, 0);
  const end = trimEnd(text, start, text.length);
  let keywordEnd = start;
  while (keywordEnd < end && !isBlank(text.charCodeAt(keywordEnd))) keywordEnd++;
  const keyword = wordAt(area, start, keywordEnd);
  const name = keyword.value.toUpperCase();
  const tail = region(area.line, area.start + keywordEnd, area.start + end);
  const { flags, rest } = splitFlags(tail, escapeChar);
  const from = skipSpace(tail.text, rest);
  const to = trimEnd(tail.text, from, tail.text.length);
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
  const args = reader?.(region(area.line, tail.start + from, tail.start + to), { name, escapeChar, depth }) ?? nothing;
  return {
    words: args.words,
    pairs: args.pairs,
    json: args.json,
    trigger: args.trigger,
    keyword,
    name,
    flags,
    original: depth === 0 ? text : text.slice(start, end),
    range: regionRange(area, start, end),
    heredocs: noHeredocs,
    above,
    emptyContinuation: area.line.emptyContinuation,
  };
}

/** The same statement with the heredocs that follow it, up to `end`; those of ONBUILD are its trigger's too. */
export function withHeredocs(statement: Statement, heredocs: readonly Heredoc[], end: Position): Statement {
  const extended = { ...statement, heredocs, range: { ...statement.range, end } };
  const { trigger } = statement;
  return trigger === undefined ? extended : { ...extended, trigger: withHeredocs(trigger, heredocs, end) };
}

/** Whether heredocs may follow: RUN, COPY and ADD, alone or after ONBUILD, with arguments that are no JSON. */
export function mayHaveHeredocs(statement: Statement): boolean {
  const { name, json } = statement.trigger ?? statement;
  return !json && (name === 'RUN' || name === 'COPY' || name === 'ADD');
}

function wholeText(area: Region): Arguments {
  return area.text === '' ? nothing : wordsOnly([wordAt(area, 0, area.text.length)]);
}

function jsonWords(area: Region): Arguments | undefined {
  const reading = readJsonArray(area.text);
  if (reading.kind === 'none') return undefined;
  if (reading.kind === 'other') {
    throw new DockerfileError(
      'E_JSON_NOT_STRINGS',
      'a JSON array of arguments must hold strings only',
      regionRange(area, reading.start, reading.end),
      'put double quotes around each member',
    );
  }
  const words = reading.items.map(item => ({ value: item.value, range: regionRange(area, item.start, item.end) }));
  return wordsOnly(words, true);
}

function jsonOrText(area: Region): Arguments {
  return jsonWords(area) ?? wholeText(area);
}

function jsonOrWords(area: Region): Arguments {
  return jsonWords(area) ?? wordsOnly(splitBlanks(area));
}

function typeAndCommand(area: Region): Arguments {
  const [first] = splitBlanks(area);
  if (first === undefined) return nothing;
  const rest = region(area.line, area.start + skipSpace(area.text, first.value.length), area.end);
  const command = jsonOrText(rest);
  return { ...command, words: [first, ...command.words] };
}

function subStatement(area: Region, { escapeChar, depth }: ReadContext): Arguments {
  if (area.text === '') return nothing;
  // ONBUILD ONBUILD is refused later; reading it no deeper keeps a long line from filling the call stack
  if (depth > 0) return wholeText(area);
  return { ...nothing, trigger: readRegion(area, { escapeChar, depth: depth + 1, above: noComments }) };
}

function keyValues(area: Region, { name, escapeChar }: ReadContext): Arguments {
  const words = splitQuoted(area, escapeChar);
  const [first] = words;
  if (first === undefined) return nothing;
  if (!first.value.includes('=')) return { ...nothing, pairs: [legacyPair(area, name)] };
  const pairs = words.map(word => {
    const equals = word.value.indexOf('=');
    if (equals < 0) {
      const message = `${JSON.stringify(word.value)} has no '=': ${name} wants name=value`;
      throw new DockerfileError('E_BAD_ARGUMENT', message, word.range, 'put quotes around a value that has blanks');
    }
    const end = word.start + word.value.length;
    return {
      key: wordAt(area, word.start, word.start + equals),
      value: wordAt(area, word.start + equals + 1, end),
      separator: '=' as const,
    };
  });
  return { ...nothing, pairs };
}

function legacyPair(area: Region, name: string): Pair {
  let keyEnd = 0;
  while (keyEnd < area.text.length && !isBlank(area.text.charCodeAt(keyEnd))) keyEnd++;
  const key = wordAt(area, 0, keyEnd);
  let valueStart = keyEnd;
  while (valueStart < area.text.length && isBlank(area.text.charCodeAt(valueStart))) valueStart++;
  if (keyEnd === area.text.length) {
    const message = `${name} ${key.value} lacks a value`;
    throw new DockerfileError('E_ARGUMENT_COUNT', message, key.range, `write ${name} ${key.value}=<value>`);
  }
  return { key, value: wordAt(area, valueStart, area.text.length), separator: '' };
}
