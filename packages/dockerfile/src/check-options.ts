import type { CheckDirective } from './dockerfile.js';
import { parseBoolean } from './go-values.js';
import type { CommentChecks } from './instruction.js';
import { trim } from './text.js';

/** The options of a `check=` directive, or the sentence that says what is wrong with them. */
export type CheckOptions = Omit<CheckDirective, 'range'>;

const empty: CheckOptions = { skip: [], skipAll: false, experimental: [], experimentalAll: false, error: false };

/**
 * Reads `skip=A,B;error=true;experimental=all`.
 *
 * @returns a string saying what is wrong, when something is
 */
export function parseCheckOptions(value: string): CheckOptions | string {
  const text = trim(value);
  if (text === '') return empty;
  let options = empty;
  for (const part of splitParts(text)) {
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

/** The options of a comment: they end at the first blank, what follows is a remark. */
export function withoutRemark(value: string): string {
  return value.split(' ', 1)[0] ?? '';
}

/** At most three parts, as in the reference: what is too many belongs to the third. */
function splitParts(text: string): readonly string[] {
  const [first = '', second, ...rest] = text.split(';');
  if (second === undefined) return [first];
  return rest.length === 0 ? [first, second] : [first, second, rest.join(';')];
}

const noChecks: CommentChecks = { skip: [], experimental: [] };

/** The rules that the value of a `# check=…` comment names; none when it is malformed. */
export function commentChecks(value: string | undefined): CommentChecks {
  const options = value === undefined ? empty : parseCheckOptions(withoutRemark(value));
  if (options === empty || typeof options === 'string') return noChecks;
  return {
    skip: options.skipAll ? ['all'] : options.skip,
    experimental: options.experimentalAll ? ['all'] : options.experimental,
  };
}
