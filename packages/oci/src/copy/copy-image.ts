import { writeDockerArchive } from '../archive/docker-archive-write.js';
import { writeLayoutTar } from '../archive/layout-tar.js';
import { writeFileAtomic } from '../layout/atomic-file.js';
import type { StoredImage } from '../layout/image-names.js';
import { type ContentGraph, collectContent, contentReader, readSmallBlob } from '../model/content.js';
import type { Descriptor, Platform } from '../model/descriptor.js';
import { isForeignLayer, isImageConfig } from '../model/media-types.js';
import { isIndexJson, parseImageConfig } from '../model/parse.js';
import { matchPlatform, platformMismatch, selectPlatform } from '../platform.js';
import { formatRepository } from '../reference.js';
import { convertContent, type ManifestFormat } from './convert-content.js';
import { type CopySource, type CopyTarget, type OpenedSource, openSource } from './copy-places.js';
import { inParallel } from './in-parallel.js';
import { pushContent } from './push-content.js';
import type { PushProgress } from './push-one.js';

export interface CopyOptions {
  readonly from: CopySource;
  readonly to: CopyTarget;
  /** Only the image for this platform, which must be there; default: all that the source names. */
  readonly platform?: Platform;
  /** Change the manifests to this family of media types. Default: as they are. */
  readonly format?: ManifestFormat;
  /** Blobs on their way at once. Default 4. */
  readonly parallel?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: CopyProgress) => void;
}

/** Something happened to a blob; `repository` is where it goes, if it goes to a registry. */
export type CopyProgress = Omit<PushProgress, 'repository'> & Partial<Pick<PushProgress, 'repository'>>;

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
  return toArchive(source, graph, { ...options, to });
}

async function chooseRoot(source: OpenedSource, platform: Platform | undefined): Promise<Descriptor> {
  if (platform === undefined) return source.root;
  const { json } = await source.reader.manifest(source.root);
  if (!isIndexJson(json)) {
    const { config } = json;
    if (!isImageConfig(config.mediaType)) return source.root;
    const bytes = await readSmallBlob(config, source.reader, `config of ${source.what}`);
    const own = parseImageConfig(bytes, `config of ${source.what}`);
    if (matchPlatform(platform, own) === 0) throw platformMismatch(source.what, platform, [own]);
    return source.root;
  }
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
  const { signal, onProgress, parallel } = options;
  const moved = await pushContent({
    client,
    references,
    graph,
    blob: source.reader.blob,
    mountFrom: (_, registry) => (source.reference?.registry === registry ? source.reference : undefined),
    signal,
    ...(parallel === undefined ? {} : { parallel }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const repositories = new Set(references.map(formatRepository)).size;
  return { root: graph.root.descriptor, moved, skipped: repositories * graph.blobs.length - moved };
}

async function toLayout(source: OpenedSource, graph: ContentGraph, options: To<'layout'>): Promise<CopyResult> {
  const { layout, names = [] } = options.to;
  const { parallel = 4, signal, onProgress } = options;
  // The largest first: one large blob left for the end would move alone.
  const blobs = graph.blobs.filter(({ mediaType }) => !isForeignLayer(mediaType)).sort((a, b) => b.size - a.size);
  let moved = 0;
  await inParallel(blobs, { parallel, signal }, async (descriptor, stop) => {
    const report = (state: CopyProgress['state'], sent: number): void => onProgress?.({ descriptor, state, sent });
    report('started', 0);
    const exists = await layout.hasBlob(descriptor);
    if (!exists) {
      moved++;
      const bytes = metered(source.reader.blob(descriptor), stop, sent => report('moving', sent));
      await layout.writeCheckedBlob(bytes, descriptor);
    }
    report(exists ? 'exists' : 'done', descriptor.size);
  });
  for (const { bytes } of graph.manifests) await layout.writeBytes(bytes);
  const { descriptor } = graph.root;
  for (const { name } of namedImages(descriptor, names)) await layout.setImage(descriptor, name);
  return { root: descriptor, moved, skipped: graph.blobs.length - moved };
}

async function toArchive(
  source: OpenedSource,
  graph: ContentGraph,
  options: To<'layout-tar' | 'docker-archive'>,
): Promise<CopyResult> {
  const { to, signal, onProgress } = options;
  const { descriptor } = graph.root;
  const reader = contentReader(graph.manifests, async function* (blob) {
    onProgress?.({ descriptor: blob, state: 'started', sent: 0 });
    yield* metered(source.reader.blob(blob), signal, sent => onProgress?.({ descriptor: blob, state: 'moving', sent }));
    onProgress?.({ descriptor: blob, state: 'done', sent: blob.size });
  });
  const names = to.names ?? [];
  const stream =
    to.kind === 'layout-tar'
      ? writeLayoutTar(namedImages(descriptor, names), reader)
      : writeDockerArchive([{ descriptor, names }], reader, to.options);
  await writeFileAtomic(to.path, stream);
  return { root: descriptor, moved: graph.blobs.length, skipped: 0 };
}

function namedImages(descriptor: Descriptor, names: readonly string[]): readonly StoredImage[] {
  return names.length === 0 ? [{ descriptor }] : names.map(name => ({ descriptor, name }));
}

async function* metered(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  onBytes: (sent: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sent = 0;
  for await (const chunk of source) {
    signal?.throwIfAborted();
    sent += chunk.byteLength;
    yield chunk;
    onBytes(sent);
  }
}
