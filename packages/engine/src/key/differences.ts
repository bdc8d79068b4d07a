import type { FieldDifference } from '../model/explanation.js';
import type { KeyRecord } from '../model/key.js';
import { differingFields } from './key.js';

/** Fields that hold digests alone: that they differ is all there is to be said. */
const digests: ReadonlySet<string> = new Set(['files', 'sources', 'downloads', 'mounts']);
/** Fields that hold names and values in turn, the values not for everybody's eyes. */
const namedValues: ReadonlySet<string> = new Set(['env']);

/** How a record differs from an earlier one of the same place, in words where the fields have some. */
export function explainDifferences(now: KeyRecord, before: KeyRecord): readonly FieldDifference[] {
  return differingFields(now, before).map((field): FieldDifference => {
    const [old, fresh] = [before.fields[field], now.fields[field]];
    if (namedValues.has(field)) return { field, names: differingNames(old, fresh) };
    if (digests.has(field) || field === 'kind' || field === 'version') return { field };
    return {
      field,
      ...(old === undefined ? {} : { before: readable(old) }),
      ...(fresh === undefined ? {} : { now: readable(fresh) }),
    };
  });
}

/** Takes a framed list apart; undefined where the text is none. */
export function unframe(text: string): readonly string[] | undefined {
  const items: string[] = [];
  for (let at = 0; at < text.length; ) {
    const [head, length] = /^(\d{1,9}):/.exec(text.slice(at, at + 10)) ?? [];
    const start = at + (head?.length ?? 0);
    const end = start + Number(length);
    if (head === undefined || end > text.length) return undefined;
    items.push(text.slice(start, end));
    at = end;
  }
  return items;
}

function readable(text: string): string {
  return unframe(text)?.join(' ') ?? text;
}

function differingNames(before: string | undefined, now: string | undefined): readonly string[] {
  const [old, fresh] = [pairs(before), pairs(now)];
  return [...new Set([...old.keys(), ...fresh.keys()])].filter(name => old.get(name) !== fresh.get(name)).sort();
}

function pairs(text: string | undefined): ReadonlyMap<string, string> {
  const items = unframe(text ?? '') ?? [];
  return new Map(items.flatMap((name, at) => (at % 2 === 0 ? [[name, items[at + 1] ?? ''] as const] : [])));
}
