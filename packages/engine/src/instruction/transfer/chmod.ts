import type { SourceRange } from '@varve/dockerfile';
import { VarveError } from '../../model/error.js';
import { placeOf } from '../../model/place.js';

/** Gives a file its mode. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

/**
 * `--chmod`: octal up to 7777, or symbolic as chmod(1) (`u=rwX,go=rX`); clauses that name nobody mean everybody. `range` is where
 * it stands. Errors: `E_VALUE_INVALID`.
 */
export function parseChmod(text: string, range?: SourceRange): ModeChange {
  const octal = octalMode(text);
  if (octal !== undefined) return () => octal;
  const clauses = text.split(',').map(clause => /^([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)$/.exec(clause));
  if (/^\d/.test(text) || clauses.some(clause => clause === null))
    throw new VarveError('E_VALUE_INVALID', `"${text}" is no file mode`, {
      hint: 'write it in octal (--chmod=755) or as chmod does (--chmod=u=rwX,go=rX)',
      ...(range && { where: placeOf(range) }),
    });
  return (mode, isDirectory) =>
    clauses.reduce(
      (now, clause) =>
        applyClause(now, isDirectory, (clause as RegExpExecArray)[1] || 'a', (clause as RegExpExecArray)[2] as string),
      mode,
    );
}

/** The mode that `--chmod` gives whatever it was before: an octal one. */
export function octalMode(text: string): number | undefined {
  const mode = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
  return mode <= 0o7777 ? mode : undefined;
}

const shifts: Readonly<Record<string, readonly number[]>> = { u: [6], g: [3], o: [0], a: [6, 3, 0] };

function applyClause(mode: number, isDirectory: boolean, who: string, actions: string): number {
  const classes = [...new Set([...who].flatMap(letter => shifts[letter] ?? []))];
  for (const action of actions.match(/[-+=](?:[ugo]|[rwxXst]*)/g) ?? []) {
    const letters = action.slice(1);
    const from = /^[ugo]$/.test(letters) ? shifts[letters]?.[0] : undefined;
    const bits =
      from === undefined
        ? bitsOf(letters, classes, isDirectory || (mode & 0o111) !== 0, who)
        : classes.reduce((all, shift) => all | (((mode >> from) & 7) << shift), 0);
    if (action[0] === '+') mode |= bits;
    else if (action[0] === '-') mode &= ~bits;
    else mode = (mode & ~maskOf(classes)) | bits;
  }
  return mode;
}

function bitsOf(letters: string, classes: readonly number[], mayExecute: boolean, who: string): number {
  let bits = 0;
  for (const letter of letters) {
    if (letter === 't') bits |= who.includes('o') || who.includes('a') ? 0o1000 : 0;
    else if (letter === 's') bits |= (classes.includes(6) ? 0o4000 : 0) | (classes.includes(3) ? 0o2000 : 0);
    else {
      const permission = letter === 'r' ? 4 : letter === 'w' ? 2 : letter === 'x' || mayExecute ? 1 : 0;
      for (const shift of classes) bits |= permission << shift;
    }
  }
  return bits;
}

function maskOf(classes: readonly number[]): number {
  let mask = 0;
  for (const shift of classes) mask |= (7 << shift) | (shift === 6 ? 0o4000 : shift === 3 ? 0o2000 : 0o1000);
  return mask;
}
