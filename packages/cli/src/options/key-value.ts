import { BadValue } from './problems.js';

/** `NAME=VALUE`; `required` says whether the value may be missing. The value may hold further `=`. */
export function splitPair(value: string): { readonly name: string; readonly value?: string } {
  const equals = value.indexOf('=');
  const name = equals === -1 ? value : value.slice(0, equals);
  if (name.trim() === '') throw new BadValue('the name is missing, as in NAME=VALUE');
  return equals === -1 ? { name } : { name, value: value.slice(equals + 1) };
}

/** A pair that must have its value. */
export function splitFullPair(value: string): { readonly name: string; readonly value: string } {
  const pair = splitPair(value);
  if (pair.value === undefined) throw new BadValue('=VALUE is missing, as in NAME=VALUE');
  return { name: pair.name, value: pair.value };
}

/** A record of pairs; of a name given twice the last counts. */
export function recordOf<T>(
  pairs: readonly { readonly name: string; readonly value: T }[],
): Readonly<Record<string, T>> {
  return Object.fromEntries(pairs.map(pair => [pair.name, pair.value]));
}
