import { didYouMean } from '../show/nearest.js';
import { csvFields } from './csv.js';
import { BadValue } from './problems.js';

/** What `key=value,…` says. */
export type Attributes = Readonly<Record<string, string>>;

/**
 * Reads fields of the form `key=value`, keys in lower case as `docker buildx build` reads them: up to the first dot, since the name of an
 * annotation (`annotation.NAME`) is what it is. A key given twice is a mistake.
 */
export function attributesOf(fields: readonly string[]): Attributes {
  return readFields(fields, key => key.replace(/^[^.]*/, word => word.toLowerCase()));
}

function readFields(fields: readonly string[], known: (key: string) => string): Attributes {
  const attributes: Record<string, string> = {};
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals < 1) throw new BadValue(`${field === '' ? 'an empty field' : field} is not of the form key=value`);
    const key = known(field.slice(0, equals).trim());
    if (Object.hasOwn(attributes, key)) throw new BadValue(`${key} is given twice`);
    attributes[key] = field.slice(equals + 1);
  }
  return attributes;
}

/** `ID[,key=value…]`, the form of providers and plugins: `registry,ref=host/repo`. Their keys are told as they were written. */
export function nameWithAttributes(value: string): { readonly name: string; readonly attributes: Attributes } {
  const [name = '', ...rest] = csvFields(value);
  if (name === '') throw new BadValue('the name is missing');
  return { name, attributes: readFields(rest, key => key) };
}

/** Refuses attributes that are not among `known`. */
export function refuseUnknown(attributes: Attributes, known: readonly string[]): void {
  for (const key of Object.keys(attributes)) {
    if (known.includes(key)) continue;
    throw new BadValue(`there is no ${key}=; ${didYouMean(key, known) ?? `known are ${known.join(', ')}`}`);
  }
}
