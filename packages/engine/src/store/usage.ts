import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { collectContent, type Descriptor, type Digest } from '@varve/oci';
import type { CacheKey } from '../model/key.js';
import type { LayerCache } from '../plugin/cache.js';
import { openKeptImages } from './kept.js';
import type { Store } from './store.js';
import { listUnpacked } from './unpacked.js';

/** A cache whose blobs lie in the store. */
export interface NamedCache {
  readonly id: string;
  readonly cache: LayerCache;
}

/**
 * Something that the store keeps. Every file is in one row only, so that sizes add up.
 *
 * - `image`: an image kept under a name, with its blobs
 * - `step`: what a cache remembers of a step, with its layer unless a kept image has that
 * - `base`: a blob that neither names: layers of bases, which can be fetched again
 * - `toc`: the table of contents of a layer
 * - `unpacked`: the files of layers of a base, unpacked for RUN
 */
export interface UsageRow {
  readonly kind: 'image' | 'step' | 'base' | 'toc' | 'unpacked';
  /** Name of an image, digest of a layer or blob; of a step without a layer its key. */
  readonly id: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly lastUsed: number;
  /** For people: the step's place, say. */
  readonly what: string;
  /** Blobs that only this row holds. */
  readonly blobs: readonly Digest[];
  /** What caches remember here. */
  readonly records: readonly { readonly cache: string; readonly key: CacheKey }[];
}

/** Everything that the store keeps, the one used last first. */
export async function listUsage(store: Store, caches: readonly NamedCache[]): Promise<readonly UsageRow[]> {
  const files = new Map(blobFiles(store).map(file => [file.digest, file] as const));
  const images = await imageRows(store, files);
  for (const { blobs } of images) for (const digest of blobs) files.delete(digest);
  const steps = await stepRows(caches, files);
  for (const { blobs } of steps) for (const digest of blobs) files.delete(digest);
  const bases = [...files.values()].map(({ digest, size, lastUsed }) => ({
    kind: 'base' as const,
    id: digest,
    size,
    lastUsed,
    what: 'fetched from a registry, or left by a step that nothing remembers',
    blobs: [digest],
    records: [],
  }));
  return [...images, ...steps, ...bases, ...tocRows(store), ...unpackedRows(store)].sort(
    (a, b) => b.lastUsed - a.lastUsed,
  );
}

interface BlobFile {
  readonly digest: Digest;
  readonly size: number;
  readonly lastUsed: number;
}

function blobFiles(store: Store): readonly BlobFile[] {
  const root = join(store.dir, 'blobs');
  return readdirSync(root).flatMap(algorithm =>
    readdirSync(join(root, algorithm)).flatMap(hex => {
      const stat = statSync(join(root, algorithm, hex), { throwIfNoEntry: false });
      const digest = `${algorithm}:${hex}` as Digest;
      return stat?.isFile() ? [{ digest, size: stat.size, lastUsed: stat.mtimeMs }] : [];
    }),
  );
}

async function stepRows(
  caches: readonly NamedCache[],
  files: ReadonlyMap<Digest, BlobFile>,
): Promise<readonly UsageRow[]> {
  const rows = new Map<string, UsageRow>();
  for (const { id: cache, cache: opened } of caches) {
    for (const { key, step, kind, place, lastUsed } of (await opened.entries?.()) ?? []) {
      const digest = step.layer?.descriptor.digest;
      const file = digest && files.get(digest);
      const id = digest ?? key;
      const known = rows.get(id);
      rows.set(id, {
        kind: 'step',
        id,
        size: file?.size ?? 0,
        lastUsed: Math.max(lastUsed, known?.lastUsed ?? 0, file?.lastUsed ?? 0),
        what: known?.what ?? place ?? kind,
        blobs: file ? [file.digest] : [],
        records: [...(known?.records ?? []), { cache, key }],
      });
    }
  }
  return [...rows.values()];
}

async function imageRows(store: Store, files: ReadonlyMap<Digest, BlobFile>): Promise<readonly UsageRow[]> {
  const { layout, list } = await openKeptImages(store);
  const counted = new Set<Digest>();
  const rows: UsageRow[] = [];
  for (const { descriptor, name = descriptor.digest } of await list()) {
    const parts = await collectContent(descriptor, layout).catch(() => undefined);
    const all: readonly Descriptor[] = parts
      ? [...parts.manifests.map(content => content.descriptor), ...parts.blobs]
      : [descriptor];
    const own = all.flatMap(({ digest }) => (counted.has(digest) ? [] : (files.get(digest) ?? [])));
    for (const { digest } of own) counted.add(digest);
    rows.push({
      kind: 'image',
      id: name,
      size: own.reduce((sum, { size }) => sum + size, 0),
      lastUsed: files.get(descriptor.digest)?.lastUsed ?? 0,
      what: parts ? descriptor.digest : `${descriptor.digest}, of which parts are missing`,
      blobs: own.map(({ digest }) => digest),
      records: [],
    });
  }
  return rows;
}

function tocRows(store: Store): readonly UsageRow[] {
  const dir = join(store.dir, 'toc');
  return readdirSync(dir).flatMap(hex => {
    const stat = statSync(join(dir, hex), { throwIfNoEntry: false });
    const row = {
      kind: 'toc',
      id: `sha256:${hex}`,
      what: 'list of the files in a layer or a base',
      blobs: [],
      records: [],
    } as const;
    return stat?.isFile() ? [{ ...row, size: stat.size, lastUsed: stat.mtimeMs }] : [];
  });
}

function unpackedRows(store: Store): readonly UsageRow[] {
  return listUnpacked(store).map(({ hex, lastUsed, size }) => ({
    kind: 'unpacked',
    id: `sha256:${hex}`,
    what: 'files of a base, unpacked for RUN',
    blobs: [],
    records: [],
    size,
    lastUsed,
  }));
}
