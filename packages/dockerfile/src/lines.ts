import type { SourceRange } from './source.js';
import { isSpace, skipSpace } from './text.js';

/** A piece of a physical line inside a logical one. */
interface Segment {
  /** Offset in the logical text where the piece begins. */
  readonly at: number;
  readonly line: number;
  /** Offset in the physical line, from 0. */
  readonly column: number;
}

/** An instruction's line with its continuations joined, and the way back to the places in the file. */
export interface LogicalLine {
  readonly file: string;
  readonly text: string;
  readonly segments: readonly Segment[];
  readonly firstLine: number;
  readonly lastLine: number;
  /** Where a blank line stands among the continuations. */
  readonly emptyContinuation?: SourceRange;
}

/** The physical lines of a text, each with its line end. */
export function splitLines(text: string): readonly string[] {
  const lines: string[] = [];
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline + 1;
    lines.push(text.slice(start, end));
    start = end;
  }
  return lines;
}

/** A physical line without its line end. */
export function withoutLineEnd(line: string): string {
  let end = line.length;
  while (end > 0 && (line.charCodeAt(end - 1) === 0x0a || line.charCodeAt(end - 1) === 0x0d)) end--;
  return end === line.length ? line : line.slice(0, end);
}

/** The first thing on the line is `#`. */
export function isComment(line: string): boolean {
  return line.charCodeAt(skipSpace(line, 0)) === 0x23;
}

/** The line holds white space at most. */
export function isBlankLine(line: string): boolean {
  for (let at = 0; at < line.length; at++) if (!isSpace(line.charCodeAt(at))) return false;
  return true;
}

/**
 * Where the line's continuation character stands, or -1. It is the last thing on the line but for blanks and tabs,
 * and no other escape character stands directly before it.
 */
function continuationAt(line: string, escapeChar: string): number {
  let end = line.length;
  while (end > 0 && (line.charCodeAt(end - 1) === 0x20 || line.charCodeAt(end - 1) === 0x09)) end--;
  if (end === 0 || line[end - 1] !== escapeChar) return -1;
  return end > 1 && line[end - 2] === escapeChar ? -1 : end - 1;
}

export interface JoinOptions {
  readonly file: string;
  readonly escapeChar: string;
}

/**
 * Joins the physical line at `index` with those that continue it. Comments among them vanish, blank lines too (they
 * are noted). The first line loses its leading white space, the others keep it.
 */
export function joinLine(lines: readonly string[], index: number, { file, escapeChar }: JoinOptions): LogicalLine {
  const first = withoutLineEnd(lines[index] ?? '');
  const indent = skipSpace(first, 0);
  const segments: Segment[] = [{ at: 0, line: index + 1, column: indent }];
  let text = first.slice(indent);
  let cut = continuationAt(text, escapeChar);
  if (cut >= 0) text = text.slice(0, cut);
  let last = index;
  let emptyContinuation: SourceRange | undefined;
  while (cut >= 0 && last + 1 < lines.length) {
    const line = withoutLineEnd(lines[++last] ?? '');
    if (isComment(line)) continue;
    if (isBlankLine(line)) {
      emptyContinuation ??= lineRange(file, last + 1, line);
      continue;
    }
    cut = continuationAt(line, escapeChar);
    segments.push({ at: text.length, line: last + 1, column: 0 });
    text += cut >= 0 ? line.slice(0, cut) : line;
  }
  const joined = { file, text, segments, firstLine: index + 1, lastLine: last + 1 };
  return emptyContinuation === undefined ? joined : { ...joined, emptyContinuation };
}

/** The whole of a physical line. */
export function lineRange(file: string, line: number, text: string): SourceRange {
  return { file, start: { line, column: 1 }, end: { line, column: text.length + 1 } };
}

/** The places of the characters `start` to `end` (exclusive) of a logical line. */
export function rangeOf(line: LogicalLine, start: number, end: number): SourceRange {
  const from = segmentAt(line, start);
  const to = end > start ? segmentAt(line, end - 1) : from;
  return {
    file: line.file,
    start: { line: from.line, column: from.column + (start - from.at) + 1 },
    end: { line: to.line, column: to.column + (end - to.at) + 1 },
  };
}

function segmentAt(line: LogicalLine, offset: number): Segment {
  const { segments } = line;
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((segments[middle]?.at ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return segments[low] ?? { at: 0, line: line.firstLine, column: 0 };
}
