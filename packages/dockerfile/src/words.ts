import type { LogicalLine } from './lines.js';
import { rangeOf } from './lines.js';
import type { SourceRange, Word } from './source.js';
import { isBlank, isSpace, skipSpace } from './text.js';

/** A stretch of a logical line that is read as a text of its own. */
export interface Region {
  readonly line: LogicalLine;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function region(line: LogicalLine, start: number, end: number): Region {
  return { line, start, end, text: line.text.slice(start, end) };
}

/** Where the characters `start` to `end` of the region stand in the file. */
export function regionRange(area: Region, start: number, end: number): SourceRange {
  return rangeOf(area.line, area.start + start, area.start + end);
}

/** The characters `start` to `end` of the region as a word. */
export function wordAt(area: Region, start: number, end: number): Word {
  return { value: area.text.slice(start, end), range: regionRange(area, start, end) };
}

/** Words between blanks; quotes mean nothing. */
export function splitBlanks(area: Region): readonly Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < area.text.length) {
    while (at < area.text.length && isBlank(area.text.charCodeAt(at))) at++;
    const start = at;
    while (at < area.text.length && !isBlank(area.text.charCodeAt(at))) at++;
    if (at > start) words.push(wordAt(area, start, at));
  }
  return words;
}

/** A word that is a stretch of its region, beginning at `start`. */
export interface PlacedWord extends Word {
  readonly start: number;
}

/**
 * Words between white space that is neither quoted nor escaped. Quotes and escapes stay in the words (expansion
 * removes them later); only an escape character at the very end of the line is dropped. A quote that is never closed
 * reaches to the end.
 */
export function splitQuoted(area: Region, escapeChar: string): readonly PlacedWord[] {
  const { text } = area;
  const words: PlacedWord[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const start = at;
    let quote = '';
    while (at < text.length && (quote !== '' || !isSpace(text.charCodeAt(at)))) {
      const character = text.charAt(at);
      if (character === escapeChar && quote !== "'") {
        if (at + 1 === text.length) break;
        at += 2;
        continue;
      }
      if (quote === '') {
        if (character === '"' || character === "'") quote = character;
      } else if (character === quote) quote = '';
      at++;
    }
    at = Math.min(at, text.length);
    if (at > start) words.push({ ...wordAt(area, start, at), start });
    if (at < text.length && !isSpace(text.charCodeAt(at))) break;
    at = skipSpace(text, at);
  }
  return words;
}
