import type { CacheKey } from '@varve/engine/plugin';
import { type Descriptor, type Index, mediaTypes } from '@varve/oci';
import { decodeAnnotations, type Entry, encodeAnnotations } from './entry.js';

/** An entry with the manifest that holds it. */
export interface IndexedEntry extends Entry {
  readonly manifest: Pick<Descriptor, 'digest' | 'size'>;
}

/** Some 700 bytes each; a registry takes manifests of up to 4 MiB. */
const mostEntries = 1000;

/**
 * An image index over the steps last saved in a scope: one request answers for a whole plan. It only saves requests: several writers may
 * overwrite each other's, and what is not in it is looked up by its own tag. While it names a manifest, no garbage collection takes it.
 */
export function encodeIndex(entries: Iterable<IndexedEntry>): Uint8Array {
  const newest = [...entries].sort((a, b) => b.saved - a.saved || (a.key < b.key ? -1 : 1)).slice(0, mostEntries);
  const manifests = newest.map(entry => ({
    mediaType: mediaTypes.ociManifest,
    ...entry.manifest,
    annotations: encodeAnnotations(entry),
  }));
  const index: Index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
  return Buffer.from(JSON.stringify(index));
}

/** The entries of an index by key; those that cannot be read are left out. */
export function decodeIndex(index: Index): ReadonlyMap<CacheKey, IndexedEntry> {
  const found = new Map<CacheKey, IndexedEntry>();
  for (const { digest, size, annotations } of index.manifests) {
    const entry = decodeAnnotations(annotations);
    if (entry) found.set(entry.key, { ...entry, manifest: { digest, size } });
  }
  return found;
}
