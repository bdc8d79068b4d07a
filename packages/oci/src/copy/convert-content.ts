import { digestOf } from '../digest.js';
import type { ContentGraph } from '../model/content.js';
import { toDockerIndex, toDockerManifest, toOciIndex, toOciManifest } from '../model/convert.js';
import type { Descriptor, Digest, Index, Manifest } from '../model/descriptor.js';
import { mediaTypes } from '../model/media-types.js';
import { isIndexJson, type ManifestContent } from '../model/parse.js';

/** Which family of media types manifests are to have. */
export type ManifestFormat = 'oci' | 'docker';

/**
 * The same images with manifests and indexes of one family. Blobs stay as they are; manifests that change get new digests, and the
 * indexes over them too. E_UNSUPPORTED_MEDIA_TYPE for what Docker's family lacks.
 */
export function convertContent(graph: ContentGraph, format: ManifestFormat): ContentGraph {
  const converted = new Map<Digest, ManifestContent>();
  for (const content of graph.manifests) {
    converted.set(content.descriptor.digest, convertOne(content, format, converted));
  }
  const root = converted.get(graph.root.descriptor.digest) ?? graph.root;
  return { root, manifests: [...converted.values()], blobs: graph.blobs };
}

function convertOne(
  content: ManifestContent,
  format: ManifestFormat,
  done: ReadonlyMap<Digest, ManifestContent>,
): ManifestContent {
  const { json } = content;
  if (!isIndexJson(json)) return isFormat(content, format) ? content : serialize(convertManifest(json, format));
  const manifests = json.manifests.map(entry => replaced(entry, done.get(entry.digest)));
  const unchanged = manifests.every((entry, at) => entry.digest === json.manifests[at]?.digest);
  if (unchanged && isFormat(content, format)) return content;
  return serialize(format === 'oci' ? toOciIndex({ ...json, manifests }) : toDockerIndex({ ...json, manifests }));
}

function convertManifest(json: Manifest, format: ManifestFormat): Manifest {
  return format === 'oci' ? toOciManifest(json) : toDockerManifest(json);
}

function isFormat({ descriptor }: ManifestContent, format: ManifestFormat): boolean {
  const { ociIndex, ociManifest } = mediaTypes;
  const isOci = descriptor.mediaType === ociIndex || descriptor.mediaType === ociManifest;
  return isOci === (format === 'oci');
}

function replaced(entry: Descriptor, content: ManifestContent | undefined): Descriptor {
  return content === undefined ? entry : { ...entry, ...content.descriptor };
}

function serialize(json: Manifest | Index): ManifestContent {
  const bytes = Buffer.from(JSON.stringify(json));
  const mediaType = json.mediaType ?? mediaTypes.ociManifest;
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength }, bytes, json };
}
