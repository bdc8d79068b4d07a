import {
  type ContentGraph,
  type ContentReader,
  collectContent,
  contentReader,
  convertContent,
  type Descriptor,
  type ManifestContent,
  type ManifestFormat,
  parseManifest,
} from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import type { BuiltImages } from '../model/image.js';

/** What a build made, as something that can be copied: the index or the one manifest at its top, and everything below it. */
export interface BuiltContent extends ContentGraph {
  readonly reader: ContentReader;
}

/**
 * The images as content, their manifests in another family of media types where one is asked for (they get other digests then, the
 * blobs keep theirs). Errors: `E_UNSUPPORTED_MEDIA_TYPE` where Docker has no form of it.
 */
export async function builtContent(
  { images, index }: BuiltImages,
  blob: (descriptor: Descriptor) => Bytes,
  format?: ManifestFormat,
): Promise<BuiltContent> {
  const manifests = images.map(image => manifestContent(image.manifestDescriptor, image.manifestBytes));
  if (index) manifests.push(manifestContent(index.descriptor, index.bytes));
  const configs = new Map(images.map(image => [image.configDescriptor.digest, image.configBytes] as const));
  const open = (descriptor: Descriptor): Bytes => {
    const config = configs.get(descriptor.digest);
    return config === undefined ? blob(descriptor) : once(config);
  };
  const root = index?.descriptor ?? images[0].manifestDescriptor;
  const built = await collectContent(root, contentReader(manifests, open));
  const graph = format === undefined ? built : convertContent(built, format);
  return { ...graph, reader: contentReader(graph.manifests, open) };
}

function manifestContent(descriptor: Descriptor, bytes: Uint8Array): ManifestContent {
  const { json } = parseManifest(bytes, descriptor.mediaType, `the manifest ${descriptor.digest}`);
  return { descriptor, bytes, json };
}

async function* once(bytes: Uint8Array): Bytes {
  yield bytes;
}
