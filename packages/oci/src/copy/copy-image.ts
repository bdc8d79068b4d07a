import { writeDockerArchive } from '../archive/docker-archive-write.js';
import { writeLayoutTar } from '../archive/layout-tar.js';
import { OciError } from '../errors.js';
import { writeFileAtomic } from '../layout/atomic-file.js';
import type { StoredImage } from '../layout/image-names.js';
import { type ContentGraph, collectContent, contentReader } from '../model/content.js';
import type { Descriptor, Platform } from '../model/descriptor.js';
import { isForeignLayer } from '../model/media-types.js';
import { isIndexJson } from '../model/parse.js';
import { platformMismatch, selectPlatform } from '../platform.js';
import { familiarRepository } from '../reference.js';
import { convertContent, type ManifestFormat } from './convert-content.js';
import { type CopySource, type CopyTarget, type OpenedSource, openSource } from './copy-places.js';

export interface CopyOptions {
  readonly from: CopySource;
  readonly to: CopyTarget;
  /** Of an index, only the image for this platform; default: all. */
  readonly platform?: Platform;
  /** Change the manifests to this family of media types. Default: as they are. */
  readonly format?: ManifestFormat;
  /** Blobs on their way at once. Default 3. */
  readonly parallel?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: CopyProgress) => void;
}

/** Something happened to a blob. */
export interface CopyProgress {
  readonly descriptor: Descriptor;
  readonly state: 'started' | 'exists' | 'mounted' | 'done';
}

export interface CopyResult {
  /** What the target now has under its names. */
  readonly root: Descriptor;
  /** Blobs that were moved, and those that were there or mounted. */
  readonly moved: number;
  readonly skipped: number;
}

/** The work of the public `copyImage`. */
export async function copyImage(options: CopyOptions): Promise<CopyResult> {
  const source = await openSource(options.from, options.signal);
  const root = await chooseRoot(source, options.platform);
  const collected = await collectContent(root, source.reader);
  const graph = options.format === undefined ? collected : convertContent(collected, options.format);
  const { to } = options;
  if (to.kind === 'registry') return toRegistry(source, graph, { ...options, to });
  if (to.kind === 'layout') return toLayout(source, graph, { ...options, to });
  const names = to.names ?? [];
  const reader = contentReader(graph.manifests, descriptor => source.reader.blob(descriptor));
  const stream =
    to.kind === 'layout-tar'
      ? writeLayoutTar(namedImages(graph.root.descriptor, names), reader)
      : writeDockerArchive([{ descriptor: graph.root.descriptor, names }], reader, to.options);
  await writeFileAtomic(to.path, abortable(stream, options.signal));
  return { root: graph.root.descriptor, moved: graph.blobs.length, skipped: 0 };
}

async function chooseRoot(source: OpenedSource, platform: Platform | undefined): Promise<Descriptor> {
  if (platform === undefined) return source.root;
  const { json } = await source.reader.manifest(source.root);
  if (!isIndexJson(json)) return source.root;
  const chosen = selectPlatform(json.manifests, platform);
  if (chosen !== undefined) return chosen;
  throw platformMismatch(
    source.what,
    platform,
    json.manifests.flatMap(entry => entry.platform ?? []),
  );
}

type To<K extends CopyTarget['kind']> = CopyOptions & { readonly to: CopyTarget & { readonly kind: K } };

async function toRegistry(source: OpenedSource, graph: ContentGraph, options: To<'registry'>): Promise<CopyResult> {
  const { client, references } = options.to;
  const { signal } = options;
  const [first] = references;
  const repositories = new Set(references.map(familiarRepository));
  if (first === undefined || repositories.size > 1) {
    throw new OciError('E_BAD_REFERENCE', 'the references to copy to are not of one repository');
  }
  const mountFrom = source.reference?.registry === first.registry ? source.reference : undefined;
  const result = await moveBlobs(graph.blobs, options, async descriptor => {
    if (isForeignLayer(descriptor.mediaType)) return 'exists';
    return client.pushBlob(first, descriptor, () => source.reader.blob(descriptor), { signal, mountFrom });
  });
  const { registry, repository } = first;
  for (const { descriptor, bytes } of graph.manifests.slice(0, -1)) {
    await client.pushManifest({ registry, repository, digest: descriptor.digest }, bytes, descriptor.mediaType, {
      signal,
    });
  }
  const { descriptor, bytes } = graph.root;
  for (const reference of references) await client.pushManifest(reference, bytes, descriptor.mediaType, { signal });
  return { root: descriptor, ...result };
}

async function toLayout(source: OpenedSource, graph: ContentGraph, options: To<'layout'>): Promise<CopyResult> {
  const { layout, names = [] } = options.to;
  const result = await moveBlobs(graph.blobs, options, async descriptor => {
    if (isForeignLayer(descriptor.mediaType) || (await layout.hasBlob(descriptor))) return 'exists';
    await layout.writeCheckedBlob(abortable(source.reader.blob(descriptor), options.signal), descriptor);
    return 'uploaded';
  });
  for (const { bytes } of graph.manifests) await layout.writeBytes(bytes);
  const { descriptor } = graph.root;
  for (const { name } of namedImages(descriptor, names)) await layout.setImage(descriptor, name);
  return { root: descriptor, ...result };
}

type Move = (descriptor: Descriptor) => Promise<'exists' | 'mounted' | 'uploaded'>;

/** Moves blobs, some at once, the largest first: one large blob left for the end would move alone. */
async function moveBlobs(
  blobs: readonly Descriptor[],
  { parallel = 3, onProgress, signal }: CopyOptions,
  move: Move,
): Promise<Pick<CopyResult, 'moved' | 'skipped'>> {
  const queue = [...blobs].sort((a, b) => b.size - a.size);
  let moved = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    for (let descriptor = queue.shift(); descriptor !== undefined && !failed; descriptor = queue.shift()) {
      signal?.throwIfAborted();
      onProgress?.({ descriptor, state: 'started' });
      const outcome = await move(descriptor).catch((error: unknown) => {
        failed = true;
        throw error;
      });
      if (outcome === 'uploaded') moved++;
      onProgress?.({ descriptor, state: outcome === 'uploaded' ? 'done' : outcome });
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: parallel }, work));
  const failure = settled.find(result => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return { moved, skipped: blobs.length - moved };
}

function namedImages(descriptor: Descriptor, names: readonly string[]): readonly StoredImage[] {
  return names.length === 0 ? [{ descriptor }] : names.map(name => ({ descriptor, name }));
}

async function* abortable(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    signal?.throwIfAborted();
    yield chunk;
  }
}
