import type { CheckDirective } from './dockerfile.js';
import { parseBoolean } from './go-values.js';
import { trim } from './text.js';

/** The options of a `check=` directive, or the sentence that says what is wrong with them. */
export type CheckOptions = Omit<CheckDirective, 'range'>;

const empty: CheckOptions = { skip: [], skipAll: false, experimental: [], experimentalAll: false, error: false };

/**
 * Reads `skip=A,B;error=true;experimental=all`. As in the reference, the value ends at the first blank: what follows
 * is a remark.
 *
 * @returns a string saying what is wrong, when something is
 */
export function parseCheckOptions(value: string): CheckOptions | string {
  const [text = ''] = trim(value).split(' ', 1);
  if (text === '') return empty;
  let options = empty;
  for (const part of text.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0) return `${JSON.stringify(part)} is no check option`;
    const key = trim(part.slice(0, equals));
    const list = trim(part.slice(equals + 1));
    const names = list.split(',').map(trim);
    if (key === 'skip') options = list === 'all' ? { ...options, skipAll: true } : { ...options, skip: names };
    else if (key === 'experimental') {
      options = list === 'all' ? { ...options, experimentalAll: true } : { ...options, experimental: names };
    } else if (key === 'error') {
      const error = parseBoolean(list);
      if (error === undefined) return `error is true or false, not ${JSON.stringify(list)}`;
      options = { ...options, error };
    } else return `${JSON.stringify(key)} is no check option`;
  }
  return options;
}

/** The rules that `check=skip=…` comments turn off for the instruction below them; `all` for each. */
export function skippedChecks(comments: readonly string[]): readonly string[] {
  const skipped: string[] = [];
  for (const comment of comments) {
    const match = /^check\s*=\s*(.+)$/i.exec(comment);
    if (match === null) continue;
    const options = parseCheckOptions(match[1] ?? '');
    if (typeof options === 'string') continue;
    if (options.skipAll) skipped.push('all');
    skipped.push(...options.skip);
  }
  return skipped;
}
