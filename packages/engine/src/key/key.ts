import { createHash } from 'node:crypto';
import type { CacheKey, KeyRecord } from '../model/key.js';

/** Version of the records' format. Raised whenever the meaning of a field changes, so that old entries are never misread. */
export const keyVersion = 1;

/**
 * One string out of several that no other list gives: each item behind its length in UTF-16 code units. Joining with a
 * separator would let two lists collide.
 */
export function frame(items: readonly string[]): string {
  return items.map(item => `${item.length}:${item}`).join('');
}

/** A framed map: names in byte order, each followed by its value. */
export function frameMap(map: Iterable<readonly [string, string]>): string {
  return frame([...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).flat());
}

/** SHA-256 over the framed record, as UTF-16 so that names which are no UTF-8 count too: two records that differ anywhere have different keys. */
export function keyOf(record: KeyRecord): CacheKey {
  const framed = frame([String(record.version), record.kind, frameMap(Object.entries(record.fields))]);
  return createHash('sha256').update(framed, 'utf16le').digest('hex') as CacheKey;
}

/** Names of the fields in which two records differ, in byte order; `kind` and `version` count as fields. */
export function differingFields(a: KeyRecord, b: KeyRecord): readonly string[] {
  const names = new Set([...Object.keys(a.fields), ...Object.keys(b.fields)]);
  const differing = [...names].filter(name => a.fields[name] !== b.fields[name]);
  if (a.kind !== b.kind) differing.push('kind');
  if (a.version !== b.version) differing.push('version');
  return differing.sort();
}

/** Identity of an image's files: the contents of its layers decide, not its name, manifest or config. */
export function imageFilesKey(layers: readonly { readonly diffId: string }[]): string {
  return createHash('sha256')
    .update(frame(['image', ...layers.map(layer => layer.diffId)]))
    .digest('hex');
}
