import { Digester, digestOf, verifyStream } from '../digest.js';
import { OciError } from '../errors.js';
import { findImage, type StoredImage } from '../layout/image-names.js';
import type { ImageStore } from '../layout/layout.js';
import { contentReader } from '../model/content.js';
import type { Descriptor, Digest, Manifest } from '../model/descriptor.js';
import { mediaTypes } from '../model/media-types.js';
import { type ManifestContent, parseImageConfig } from '../model/parse.js';
import { normalizePlatform } from '../platform.js';
import { ArchiveFile } from './archive-file.js';
import { layoutStore } from './layout-tar.js';
import type { TarExtent } from './tar-index.js';

const largestText = 8 * 1024 * 1024;

interface Loaded {
  readonly content: ManifestContent;
  readonly names: readonly string[];
  readonly platform: { readonly os: string; readonly architecture: string; readonly variant?: string };
}

/** The work of the public `readDockerArchive`. */
export async function readDockerArchive(
  source: string | AsyncIterable<Uint8Array>,
  options: { readonly tmp?: string } = {},
): Promise<ImageStore> {
  const archive = await ArchiveFile.open(source, options.tmp);
  try {
    return await dockerStore(archive);
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** The work of the public `readImageArchive`. */
export async function readImageArchive(
  source: string | AsyncIterable<Uint8Array>,
  options: { readonly tmp?: string } = {},
): Promise<ImageStore> {
  const archive = await ArchiveFile.open(source, options.tmp);
  try {
    const isLayout = archive.index.file('oci-layout') !== undefined && archive.index.file('index.json') !== undefined;
    return await (isLayout ? layoutStore(archive) : dockerStore(archive));
  } catch (error) {
    await archive.close();
    throw error;
  }
}

async function dockerStore(archive: ArchiveFile): Promise<ImageStore> {
  const { where } = archive;
  const blobs = new Map<Digest, { readonly extent: TarExtent; readonly size: number }>();
  const loaded: Loaded[] = [];
  for (const entry of await manifestEntries(archive)) loaded.push(await load(archive, entry, blobs));
  const images = loaded.flatMap(imagesOf);
  const reader = contentReader(
    loaded.map(({ content }) => content),
    descriptor => {
      const found = blobs.get(descriptor.digest);
      if (found === undefined) return undefined;
      return verifyStream(archive.read(found.extent), descriptor, `blob ${descriptor.digest} in ${where}`);
    },
  );
  return {
    ...reader,
    where,
    images: () => Promise.resolve(images),
    find: async name => findImage(images, name, where),
    close: () => archive.close(),
  };
}

interface Entry {
  readonly Config: string;
  readonly Layers: readonly string[];
  readonly RepoTags?: readonly string[] | null;
}

async function manifestEntries(archive: ArchiveFile): Promise<readonly Entry[]> {
  const bytes = await archive.text('manifest.json', largestText);
  if (bytes === undefined) {
    throw new OciError(
      'E_BAD_ARCHIVE',
      `${archive.where} is no image archive: it has neither oci-layout nor manifest.json`,
    );
  }
  const entries = parseJson(bytes);
  const valid =
    Array.isArray(entries) &&
    entries.every(
      entry => typeof entry?.Config === 'string' && isStrings(entry.Layers) && isStrings(entry.RepoTags ?? []),
    );
  if (!valid) throw new OciError('E_BAD_ARCHIVE', `manifest.json in ${archive.where} is not a list of images`);
  return entries as Entry[];
}

async function load(
  archive: ArchiveFile,
  entry: Entry,
  blobs: Map<Digest, { readonly extent: TarExtent; readonly size: number }>,
): Promise<Loaded> {
  const configExtent = extentOf(archive, entry.Config);
  const configBytes = (await archive.text(entry.Config, largestText)) ?? Buffer.alloc(0);
  const config = parseImageConfig(configBytes, `${entry.Config} in ${archive.where}`);
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== entry.Layers.length) {
    throw new OciError('E_BAD_ARCHIVE', `an image in ${archive.where} and its config differ in the number of layers`);
  }
  const configDescriptor = {
    mediaType: mediaTypes.ociConfig,
    digest: digestOf(configBytes),
    size: configBytes.byteLength,
  };
  blobs.set(configDescriptor.digest, { extent: configExtent, size: configDescriptor.size });
  const layers: Descriptor[] = [];
  for (const [at, name] of entry.Layers.entries()) {
    const extent = extentOf(archive, name);
    const layer = await describeLayer(archive, extent, diffIds[at] as Digest);
    blobs.set(layer.digest, { extent, size: layer.size });
    layers.push(layer);
  }
  const manifest: Manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: configDescriptor, layers };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const descriptor = { mediaType: mediaTypes.ociManifest, digest: digestOf(bytes), size: bytes.byteLength };
  const { os, architecture, variant } = normalizePlatform(config);
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  return { content: { descriptor, bytes, json: manifest }, names: entry.RepoTags ?? [], platform };
}

/** A layer that is not packed is named by its diffId, and checked when it is read; a packed one is read through to be named. */
async function describeLayer(archive: ArchiveFile, extent: TarExtent, diffId: Digest): Promise<Descriptor> {
  const magic = await firstBytes(archive, extent);
  if (magic.readUInt32LE(0) === 0xfd2fb528) return measure(archive, extent, mediaTypes.ociLayerZstd);
  if (magic.readUInt16BE(0) === 0x1f8b) return measure(archive, extent, mediaTypes.ociLayerGzip);
  return { mediaType: mediaTypes.ociLayer, digest: diffId, size: extent.size };
}

async function measure(archive: ArchiveFile, extent: TarExtent, mediaType: string): Promise<Descriptor> {
  const digester = new Digester();
  for await (const chunk of archive.read(extent)) digester.update(chunk);
  return { mediaType, digest: digester.digest(), size: extent.size };
}

async function firstBytes(archive: ArchiveFile, { offset, size }: TarExtent): Promise<Buffer> {
  const start = Buffer.alloc(4);
  for await (const chunk of archive.read({ offset, size: Math.min(4, size) })) start.set(chunk);
  return start;
}

function extentOf(archive: ArchiveFile, name: string): TarExtent {
  const extent = archive.index.file(name);
  if (extent === undefined) throw new OciError('E_BAD_ARCHIVE', `${archive.where} names ${name}, but does not have it`);
  return extent;
}

function imagesOf({ content, names, platform }: Loaded): readonly StoredImage[] {
  const descriptor = { ...content.descriptor, platform };
  return names.length === 0 ? [{ descriptor }] : names.map(name => ({ descriptor, name }));
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
