import { colourOrCharacter, colourPattern, controls } from './ansi.js';

const tabStop = 8;

const lone = new RegExp(`^${colourPattern.source}$`);

export interface SanitizeOptions {
  /** Keep colours (SGR sequences); a line that has any ends with a reset, so that they never leak out of it. */
  readonly colours: boolean;
}

/**
 * One line of a step's output, made harmless for a terminal: nothing in it can move the cursor, clear, set a title, ask the
 * terminal a question or write to the clipboard. Of text that overwrites itself by carriage returns the last version
 * is kept, as a terminal would show it; tabs become blanks.
 */
export function sanitizeLine(line: string, options: SanitizeOptions): string {
  const ends = line.replace(/\r+$/, '');
  const shown = ends.slice(ends.lastIndexOf('\r') + 1);
  let coloured = false;
  const clean = shown.replace(controls, match => {
    if (!options.colours || !lone.test(match)) return '';
    coloured = true;
    return match;
  });
  const text = expandTabs(clean);
  return coloured ? `${text}\x1b[0m` : text;
}

/** Any text of others (labels, messages, names) as plain text in one line: control characters and line ends become blanks. */
export function oneLine(text: string): string {
  return text
    .replace(/\s*\r?\n\s*/g, ' ')
    .replace(controls, '')
    .replace(/\t/g, ' ')
    .trimEnd();
}

/** Text of others that may have several lines: line ends stay, all other control goes. */
export function plainText(text: string): string {
  return text
    .split('\n')
    .map(line => sanitizeLine(line, { colours: false }))
    .join('\n');
}

function expandTabs(line: string): string {
  if (!line.includes('\t')) return line;
  let column = 0;
  return line.replace(colourOrCharacter, part => {
    if (part.length > 2) return part;
    const width = part === '\t' ? tabStop - (column % tabStop) : 1;
    column += width;
    return part === '\t' ? ' '.repeat(width) : part;
  });
}
