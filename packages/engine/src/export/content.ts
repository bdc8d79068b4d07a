import {
  type ContentReader,
  contentReader,
  type Descriptor,
  type Digest,
  digestOf,
  type Index,
  isIndexJson,
  type Manifest,
  type ManifestContent,
  parseManifest,
  toDockerIndex,
  toDockerManifest,
  toOciIndex,
  toOciManifest,
} from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import type { BuiltImages, Image } from '../model/image.js';

/** What a build made, as something that can be copied: the index or the one manifest at its top, and everything below it. */
export interface BuiltContent {
  readonly root: ManifestContent;
  /** One manifest for each platform, in the order of the images; the index is not among them. */
  readonly manifests: readonly ManifestContent[];
  readonly reader: ContentReader;
}

/** Which media types the manifests are to have; as they were built where it is not said. */
export type MediaTypeFamily = 'oci' | 'docker';

/**
 * The images as content, manifests translated where another family of media types is asked for (they get other digests
 * then, the blobs keep theirs). Errors: `E_UNSUPPORTED_MEDIA_TYPE` where Docker has no form of it.
 */
export function builtContent(
  images: BuiltImages,
  blob: (descriptor: Descriptor) => Bytes,
  family?: MediaTypeFamily,
): BuiltContent {
  const manifests = images.images.map(image => translateManifest(ownManifest(image), family));
  const index = images.index && {
    descriptor: images.index.descriptor,
    bytes: images.index.bytes,
    json: parseManifest(images.index.bytes, images.index.descriptor.mediaType, 'the index of the build').json,
  };
  const replaced = new Map(images.images.map((image, at) => [image.manifestDescriptor.digest, manifests[at]] as const));
  const top = index && translateIndex(index, replaced, family);
  const [first] = manifests;
  if (first === undefined) throw new TypeError('a build has at least one image');
  const configs = new Map(images.images.map(image => [image.configDescriptor.digest, image.configBytes] as const));
  const open = (descriptor: Descriptor): Bytes => {
    const config = configs.get(descriptor.digest);
    return config === undefined ? blob(descriptor) : once(config);
  };
  return { root: top ?? first, manifests, reader: contentReader(top ? [...manifests, top] : manifests, open) };
}

/** Bytes at hand as a stream. */
export async function* once(bytes: Uint8Array): Bytes {
  yield bytes;
}

function ownManifest({ manifestBytes, manifestDescriptor }: Image): ManifestContent {
  const { json } = parseManifest(manifestBytes, manifestDescriptor.mediaType, 'the manifest of the build');
  return { descriptor: manifestDescriptor, bytes: manifestBytes, json };
}

function translateManifest(content: ManifestContent, family: MediaTypeFamily | undefined): ManifestContent {
  if (family === undefined || isIndexJson(content.json)) return content;
  return reissue(content, family === 'docker' ? toDockerManifest(content.json) : toOciManifest(content.json));
}

function translateIndex(
  content: ManifestContent,
  manifests: ReadonlyMap<Digest, ManifestContent | undefined>,
  family: MediaTypeFamily | undefined,
): ManifestContent {
  if (family === undefined || !isIndexJson(content.json)) return content;
  const entries = content.json.manifests.map(entry => {
    const replaced = manifests.get(entry.digest)?.descriptor;
    return replaced ? { ...entry, mediaType: replaced.mediaType, digest: replaced.digest, size: replaced.size } : entry;
  });
  const index: Index = { ...content.json, manifests: entries };
  return reissue(content, family === 'docker' ? toDockerIndex(index) : toOciIndex(index));
}

/** The content with another JSON; as it was, byte for byte, where nothing changed. */
function reissue(content: ManifestContent, json: Manifest | Index): ManifestContent {
  if (JSON.stringify(json) === JSON.stringify(content.json)) return content;
  const bytes = Buffer.from(JSON.stringify(json));
  const mediaType = json.mediaType ?? content.descriptor.mediaType;
  return {
    descriptor: { ...content.descriptor, mediaType, digest: digestOf(bytes), size: bytes.byteLength },
    bytes,
    json,
  };
}
