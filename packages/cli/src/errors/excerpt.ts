import type { Paint } from '../terminal/colour.js';
import { sanitizeLine } from '../terminal/sanitize.js';
import { characterWidth, displayWidth } from '../terminal/width.js';
import type { ReportPlace } from './report.js';

/** Lines shown around the place, and at most of the place itself. */
const before = 2;
const after = 1;
const longest = 6;

/**
 * The lines around a place with their numbers, the place underlined (one line) or its lines marked (several):
 *
 * ```text
 *    6 | WORKDIR /src
 *    7 | RUNN make
 *      | ^^^^
 * ```
 */
export function excerptLines(source: readonly string[], where: ReportPlace, paint: Paint): readonly string[] {
  const first = where.line;
  if (first < 1 || first > source.length) return [];
  const last = Math.min(Math.max(lastLine(where), first), source.length);
  const from = Math.max(1, first - before);
  const to = Math.min(source.length, last + after);
  const gutter = Math.max(4, String(to).length + 1);
  const lines: string[] = [];
  for (let number = from; number <= to; number++) {
    const inside = number >= first && number <= last;
    if (last - first >= longest && number > first + longest - 3 && number < last) {
      if (number === last - 1) lines.push(`${' '.repeat(gutter)} ${paint.dim('…')}`);
      continue;
    }
    const mark = inside && last > first ? paint.red('>') : ' ';
    lines.push(
      `${mark}${paint.dim(`${String(number).padStart(gutter - 1)} |`)} ${cleaned(source[number - 1] ?? '')}`.trimEnd(),
    );
    if (inside && last === first) {
      lines.push(`${' '.repeat(gutter)} ${paint.dim('|')} ${paint.red(underline(source[number - 1] ?? '', where))}`);
    }
  }
  return lines;
}

/** A range that ends before the first column of a line ends with the line before. */
function lastLine(where: ReportPlace): number {
  const end = where.endLine ?? where.line;
  return where.endColumn === 1 && end > where.line ? end - 1 : end;
}

function underline(line: string, where: ReportPlace): string {
  const start = Math.max(0, where.column - 1);
  const sameLine = where.endLine === undefined || where.endLine === where.line;
  const end = sameLine ? (where.endColumn ?? where.column + 1) - 1 : line.trimEnd().length;
  const indent = cleanedWidth(line.slice(0, start), 0);
  const width = cleanedWidth(line.slice(start, end), indent);
  return ' '.repeat(indent) + '^'.repeat(Math.max(1, width));
}

function cleaned(line: string): string {
  return sanitizeLine(line, { colours: false });
}

/** Cells that a part of a line takes once tabs are expanded, when it starts at cell `from`. */
function cleanedWidth(part: string, from: number): number {
  if (!part.includes('\t')) return displayWidth(part);
  let column = from;
  for (const character of part) column += character === '\t' ? 8 - (column % 8) : characterWidth(character);
  return column - from;
}
