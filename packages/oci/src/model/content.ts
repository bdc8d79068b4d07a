import { checkBytes } from '../digest.js';
import { OciError } from '../errors.js';
import type { Descriptor, Digest } from './descriptor.js';
import { isIndex, isManifest } from './media-types.js';
import { isIndexJson, type ManifestContent } from './parse.js';

/** Where manifests and blobs are read from: a registry's repository, a layout, an archive, or what a build made. */
export interface ContentReader {
  /** A manifest or index, verified against the descriptor. */
  readonly manifest: (descriptor: Descriptor) => Promise<ManifestContent>;
  /** The bytes of a blob, from the start at each call; the stream ends without an error only if they are right. */
  readonly blob: (descriptor: Descriptor) => AsyncIterable<Uint8Array>;
}

/** All that an image or index consists of. */
export interface ContentGraph {
  readonly root: ManifestContent;
  /** Every manifest and index once, each after those that it names; the root is last. */
  readonly manifests: readonly ManifestContent[];
  /** Every config and layer once, in the order of first mention. */
  readonly blobs: readonly Descriptor[];
}

/** Bytes of the largest image config that is read. */
const largestConfig = 8 * 1024 * 1024;
const deepestIndex = 8;

/**
 * Follows an index or manifest down to its blobs.
 * @param keep says which entries of an index to follow; default all.
 */
export async function collectContent(
  root: Descriptor,
  reader: Pick<ContentReader, 'manifest'>,
  keep: (entry: Descriptor) => boolean = () => true,
): Promise<ContentGraph> {
  const manifests = new Map<Digest, ManifestContent>();
  const blobs = new Map<Digest, Descriptor>();
  const visit = async (descriptor: Descriptor, depth: number): Promise<ManifestContent> => {
    const known = manifests.get(descriptor.digest);
    if (known !== undefined) return known;
    if (depth > deepestIndex) throw new OciError('E_BAD_MANIFEST', `index ${root.digest} is nested too deep`);
    const content = await reader.manifest(descriptor);
    if (isIndexJson(content.json)) {
      for (const entry of content.json.manifests.filter(keep)) {
        if (isIndex(entry.mediaType) || isManifest(entry.mediaType)) await visit(entry, depth + 1);
        else blobs.set(entry.digest, entry);
      }
    } else {
      for (const blob of [content.json.config, ...content.json.layers]) {
        if (!blobs.has(blob.digest)) blobs.set(blob.digest, blob);
      }
    }
    manifests.set(descriptor.digest, content);
    return content;
  };
  const top = await visit(root, 0);
  return { root: top, manifests: [...manifests.values()], blobs: [...blobs.values()] };
}

/** A reader over manifests at hand and blobs that can be opened, as a build has them. E_MANIFEST_UNKNOWN, E_BLOB_UNKNOWN. */
export function contentReader(
  manifests: readonly ManifestContent[],
  open: (descriptor: Descriptor) => AsyncIterable<Uint8Array> | undefined,
): ContentReader {
  const byDigest = new Map(manifests.map(content => [content.descriptor.digest, content]));
  return {
    manifest: async ({ digest }) => {
      const content = byDigest.get(digest);
      if (content === undefined) throw new OciError('E_MANIFEST_UNKNOWN', `there is no manifest ${digest}`);
      return content;
    },
    blob: descriptor => {
      const opened = open(descriptor);
      if (opened === undefined) throw new OciError('E_BLOB_UNKNOWN', `there is no blob ${descriptor.digest}`);
      return opened;
    },
  };
}

/** A blob that is small enough for memory, verified. E_MANIFEST_TOO_LARGE, E_DIGEST_MISMATCH, E_SIZE_MISMATCH. */
export async function readSmallBlob(
  descriptor: Descriptor,
  reader: Pick<ContentReader, 'blob'>,
  what: string,
): Promise<Uint8Array> {
  if (descriptor.size > largestConfig) {
    throw new OciError('E_MANIFEST_TOO_LARGE', `${what} is larger than ${largestConfig / 1024 / 1024} MiB`);
  }
  if (descriptor.data !== undefined) {
    const bytes = Buffer.from(descriptor.data, 'base64');
    checkBytes(bytes, descriptor, what);
    return bytes;
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of reader.blob(descriptor)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
