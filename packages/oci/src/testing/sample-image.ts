import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { writeTar } from '../archive/tar-write.js';
import { digestOf } from '../digest.js';
import { type ContentReader, contentReader } from '../model/content.js';
import type { Descriptor, Digest, Index, Manifest, Platform } from '../model/descriptor.js';
import type { ImageConfig } from '../model/image-config.js';
import { mediaTypes } from '../model/media-types.js';
import type { ManifestContent } from '../model/parse.js';

/** A small image in memory, for tests. */
export interface SampleImage {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly config: ImageConfig;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  readonly content: readonly ManifestContent[];
  readonly reader: ContentReader;
}

export interface SampleOptions {
  readonly platform?: Platform;
  /** Files of each layer: path to content. Default: one layer with one file. */
  readonly layers?: readonly Readonly<Record<string, string | Uint8Array>>[];
  readonly compression?: 'none' | 'gzip';
  readonly cmd?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Makes an image: the same options give the same bytes. */
export async function sampleImage(options: SampleOptions = {}): Promise<SampleImage> {
  const { platform = { os: 'linux', architecture: 'amd64' }, compression = 'gzip' } = options;
  const blobs = new Map<Digest, Uint8Array>();
  const diffIds: Digest[] = [];
  const layers: Descriptor[] = [];
  for (const files of options.layers ?? [{ 'hello.txt': 'hello\n' }]) {
    const tar = await tarOf(files);
    diffIds.push(digestOf(tar));
    const packed = compression === 'gzip' ? gzipSync(tar) : tar;
    layers.push(put(blobs, packed, compression === 'gzip' ? mediaTypes.ociLayerGzip : mediaTypes.ociLayer));
  }
  const config: ImageConfig = {
    ...platform,
    created: '2026-01-01T00:00:00Z',
    config: { Cmd: options.cmd ?? ['/hello'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: layers.map((_, at) => ({ created: '2026-01-01T00:00:00Z', created_by: `layer ${at}` })),
  };
  const configDescriptor = put(blobs, Buffer.from(JSON.stringify(config)), mediaTypes.ociConfig);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: configDescriptor,
    layers,
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  };
  const content = contentOf(manifest, mediaTypes.ociManifest);
  return {
    descriptor: { ...content.descriptor, platform },
    manifest,
    manifestBytes: content.bytes,
    config,
    blobs,
    content: [content],
    reader: contentReader([content], ({ digest }) => streamOf(blobs.get(digest))),
  };
}

/** An index over images, with a reader for all of them. */
export function sampleIndex(
  images: readonly SampleImage[],
): Pick<SampleImage, 'descriptor' | 'reader'> & { readonly bytes: Uint8Array } {
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: images.map(({ descriptor }) => descriptor),
  };
  const content = contentOf(index, mediaTypes.ociIndex);
  const all = images.flatMap(image => image.content);
  const find = (digest: Digest): Uint8Array | undefined =>
    images.map(({ blobs }) => blobs.get(digest)).find(bytes => bytes !== undefined);
  const reader = contentReader([content, ...all], ({ digest }) => streamOf(find(digest)));
  return { descriptor: content.descriptor, bytes: content.bytes, reader };
}

/** Bytes that do not compress and are the same for the same seed. */
export function noise(size: number, seed = 'varve'): Uint8Array {
  const bytes = Buffer.allocUnsafe(size);
  for (let at = 0, count = 0; at < size; at += 64, count++) {
    createHash('sha512').update(`${seed} ${count}`).digest().copy(bytes, at);
  }
  return bytes;
}

/** Bytes as a stream in chunks. */
export async function* chunksOf(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

function streamOf(bytes: Uint8Array | undefined): AsyncIterable<Uint8Array> | undefined {
  return bytes === undefined ? undefined : chunksOf(bytes);
}

function contentOf(json: Manifest | Index, mediaType: string): ManifestContent {
  const bytes = Buffer.from(JSON.stringify(json));
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength }, bytes, json };
}

function put(blobs: Map<Digest, Uint8Array>, bytes: Uint8Array, mediaType: string): Descriptor {
  const digest = digestOf(bytes);
  blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.byteLength };
}

async function tarOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  const members = Object.entries(files).map(([name, text]) => {
    const content = typeof text === 'string' ? Buffer.from(text) : text;
    return { name, size: content.byteLength, content, mode: 0o755 };
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(members)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
