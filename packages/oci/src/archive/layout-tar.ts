import { checkBytes, splitDigest, verifyStream } from '../digest.js';
import { OciError } from '../errors.js';
import { findImage, type StoredImage, storedImage } from '../layout/image-names.js';
import { checkLayoutFile, type ImageStore, layoutFile, namedEntry } from '../layout/layout.js';
import { type ContentReader, collectContent } from '../model/content.js';
import type { Descriptor, Digest, Index } from '../model/descriptor.js';
import { mediaTypes } from '../model/media-types.js';
import { isIndexJson, largestManifest, type ManifestContent, parseManifest } from '../model/parse.js';
import { ArchiveFile } from './archive-file.js';
import { type TarMember, writeTar } from './tar-write.js';

/** The work of the public `writeLayoutTar`. */
export async function* writeLayoutTar(
  images: readonly StoredImage[],
  reader: ContentReader,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* writeTar(layoutMembers(images, reader));
}

async function* layoutMembers(
  images: readonly StoredImage[],
  reader: ContentReader,
): AsyncGenerator<TarMember, void, undefined> {
  const done = new Set<Digest>();
  yield { name: 'blobs/', size: 0, content: new Uint8Array() };
  yield { name: 'blobs/sha256/', size: 0, content: new Uint8Array() };
  for (const { descriptor } of images) {
    const { blobs, manifests } = await collectContent(descriptor, reader);
    for (const blob of blobs.filter(({ digest }) => !done.has(digest))) {
      done.add(blob.digest);
      yield { name: memberName(blob.digest), size: blob.size, content: reader.blob(blob) };
    }
    for (const { descriptor: own, bytes } of manifests.filter(content => !done.has(content.descriptor.digest))) {
      done.add(own.digest);
      yield { name: memberName(own.digest), size: bytes.byteLength, content: bytes };
    }
  }
  const manifests = images.map(({ descriptor, name }) => namedEntry(descriptor, name));
  const index: Index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
  yield textMember('index.json', JSON.stringify(index));
  yield textMember('oci-layout', layoutFile);
}

/** A member with a text as its content. */
export function textMember(name: string, text: string): TarMember {
  const content = Buffer.from(text);
  return { name, size: content.byteLength, content };
}

/** The work of the public `readLayoutTar`. */
export async function readLayoutTar(
  source: string | AsyncIterable<Uint8Array>,
  options: { readonly tmp?: string } = {},
): Promise<ImageStore> {
  const archive = await ArchiveFile.open(source, options.tmp);
  try {
    return await layoutStore(archive);
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** The images of an archive that is an OCI layout. */
export async function layoutStore(archive: ArchiveFile): Promise<ImageStore> {
  const { where } = archive;
  const marker = await archive.text('oci-layout', 4096);
  if (marker === undefined)
    throw new OciError('E_BAD_LAYOUT', `${where} is not an OCI layout tar: it has no oci-layout`);
  checkLayoutFile(marker.toString('utf8'), where);
  const indexBytes = await archive.text('index.json', largestManifest);
  if (indexBytes === undefined) throw new OciError('E_BAD_LAYOUT', `${where} has no index.json`);
  const { json } = parseManifest(indexBytes, mediaTypes.ociIndex, `index.json in ${where}`);
  if (!isIndexJson(json)) throw new OciError('E_BAD_LAYOUT', `index.json in ${where} is not an index`);
  const images = json.manifests.map(storedImage);
  return {
    where,
    images: () => Promise.resolve(images),
    find: async name => findImage(images, name, where),
    manifest: descriptor => readManifest(archive, descriptor),
    blob: descriptor => readBlob(archive, descriptor),
    close: () => archive.close(),
  };
}

async function readManifest(archive: ArchiveFile, descriptor: Descriptor): Promise<ManifestContent> {
  const what = `manifest ${descriptor.digest} in ${archive.where}`;
  const bytes = await archive.text(memberName(descriptor.digest), largestManifest);
  if (bytes === undefined) throw new OciError('E_MANIFEST_UNKNOWN', `${what} is not there`);
  checkBytes(bytes, descriptor, what);
  const { mediaType, json } = parseManifest(bytes, descriptor.mediaType, what);
  return { descriptor: { mediaType, digest: descriptor.digest, size: bytes.byteLength }, bytes, json };
}

function readBlob(archive: ArchiveFile, descriptor: Descriptor): AsyncIterable<Uint8Array> {
  const what = `blob ${descriptor.digest} in ${archive.where}`;
  const extent = archive.index.file(memberName(descriptor.digest));
  if (extent === undefined) throw new OciError('E_BLOB_UNKNOWN', `${what} is not there`);
  return verifyStream(archive.read(extent), descriptor, what);
}

function memberName(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}
