import { displayWidth } from '../terminal/width.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows under titles, columns as wide as their widest cell, two blanks between them, no blanks at the ends of lines. */
export function showTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const all = [columns.map(column => column.title), ...rows];
  const widths = columns.map((_, index) => Math.max(...all.map(row => displayWidth(row[index] ?? ''))));
  const lines = all.map(row =>
    columns
      .map((column, index) => pad(row[index] ?? '', widths[index] ?? 0, column.align ?? 'left'))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}
