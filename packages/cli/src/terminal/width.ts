import { colourSplitter, colours } from './ansi.js';

/** Ranges of code points that terminals draw two cells wide (Unicode's East Asian Width W and F, and emoji). */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2648, 0x2653],
  [0x26a1, 0x26a1],
  [0x2705, 0x2705],
  [0x270a, 0x270b],
  [0x2728, 0x2728],
  [0x274c, 0x274c],
  [0x2753, 0x2757],
  [0x2795, 0x2797],
  [0x27b0, 0x27bf],
  [0x2b1b, 0x2b1c],
  [0x2b50, 0x2b55],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18aff],
  [0x1b000, 0x1b2ff],
  [0x1f004, 0x1f004],
  [0x1f0cf, 0x1f0cf],
  [0x1f18e, 0x1f19a],
  [0x1f200, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f7e0, 0x1f7eb],
  [0x1f900, 0x1f9ff],
  [0x1fa70, 0x1faff],
  [0x20000, 0x3fffd],
];

const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

/** Cells that one character takes. */
export function characterWidth(character: string): 0 | 1 | 2 {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0xad ? 0 : 1;
  if (zeroWidth.test(character)) return 0;
  if (code < 0x1100) return 1;
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** Cells that a text takes on a terminal, colours not counted. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text.replace(colours, '')) width += characterWidth(character);
  return width;
}

/**
 * A text cut to at most `cells` cells, ending in `mark` where something was cut. Colour sequences take no room; where a
 * text with colours is cut, the cut text ends with a reset.
 */
export function fit(text: string, cells: number, mark = '…'): string {
  if (cells <= 0) return '';
  if (displayWidth(text) <= cells) return text;
  const room = cells - displayWidth(mark);
  if (room <= 0) return mark.slice(0, cells);
  let width = 0;
  let kept = '';
  let coloured = false;
  for (const part of text.split(colourSplitter)) {
    if (part.startsWith('\x1b[')) {
      kept += part;
      coloured = true;
      continue;
    }
    for (const character of part) {
      width += characterWidth(character);
      if (width > room) return `${kept}${mark}${coloured ? '\x1b[0m' : ''}`;
      kept += character;
    }
  }
  return kept;
}
