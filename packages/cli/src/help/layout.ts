import type { Paint } from '../terminal/colour.js';
import { displayWidth } from '../terminal/width.js';

const indent = 2;
/** Where the right column starts; a longer left cell has its text in the next line. */
const rightColumn = 30;

/** A heading with its lines; nothing where there are none. */
export function section(title: string, lines: readonly string[], paint: Paint): string {
  return lines.length === 0 ? '' : [paint.bold(title), ...lines].join('\n');
}

/** Names at the left, what they mean at the right. */
export function twoColumns(rows: readonly (readonly [string, string])[], width: number): readonly string[] {
  return rows.flatMap(([name, meaning]) => {
    const text = wrapText(meaning, width, rightColumn);
    const left = ' '.repeat(indent) + name;
    const [first, ...more] = text;
    if (first === undefined) return [left];
    if (displayWidth(left) + 2 > rightColumn) return [left, first, ...more];
    return [left.padEnd(rightColumn) + first.trimStart(), ...more];
  });
}

/** A text in lines of at most `width` cells that start with `start` blanks; paragraphs stay apart. */
export function wrapText(text: string, width: number, start: number): readonly string[] {
  if (text === '') return [];
  const room = Math.max(20, width - start);
  return text.split('\n').flatMap(paragraph => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(/ +/)) {
      if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > room) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    return [...lines, line].map(each => (each === '' ? '' : ' '.repeat(start) + each));
  });
}
