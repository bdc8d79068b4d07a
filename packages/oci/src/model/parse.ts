import { isDigest } from '../digest.js';
import { OciError } from '../errors.js';
import type { Descriptor, Index, Manifest } from './descriptor.js';
import type { ImageConfig } from './image-config.js';
import { isIndex, isManifest, mediaTypes } from './media-types.js';

/** Bytes of the largest manifest or index that is read: the limit that registries themselves keep to. */
export const largestManifest = 4 * 1024 * 1024;

/** A manifest or an index with its exact bytes. */
export interface ManifestContent {
  /** Media type, digest and size of the bytes. */
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  /** The parsed bytes: an {@link Index} where `isIndex(descriptor.mediaType)`, else a {@link Manifest}. */
  readonly json: Manifest | Index;
}

/** Is the parsed content an index? */
export function isIndexJson(json: Manifest | Index): json is Index {
  return 'manifests' in json;
}

/**
 * Reads a manifest or an index and says of which media type it is.
 * Throws E_BAD_MANIFEST for anything that is not exactly one of the two, E_UNSUPPORTED_MEDIA_TYPE for schema 1 and artifacts
 * of unknown types.
 * @param announced the media type that a header or a descriptor gave, if any; it has to agree with the content.
 * @param what names the content in errors.
 */
export function parseManifest(
  bytes: Uint8Array,
  announced: string | undefined,
  what: string,
): { readonly mediaType: string; readonly json: Manifest | Index } {
  const json = parseObject(bytes, what);
  if (json.schemaVersion === 1 || announced === mediaTypes.dockerManifestV1Signed) {
    throw new OciError('E_UNSUPPORTED_MEDIA_TYPE', `${what} is a Docker schema 1 manifest, which is obsolete`, {
      hint: 'push the image again with a current tool',
    });
  }
  if (json.schemaVersion !== 2) throw badManifest(what, 'its schemaVersion is not 2');
  const hasManifests = Array.isArray(json.manifests);
  const hasLayers = Array.isArray(json.layers) && isObject(json.config);
  if (hasManifests === hasLayers) throw badManifest(what, 'it is neither an image manifest nor an index');
  const mediaType = agreedMediaType(json, announced, what);
  if (hasManifests) {
    if (!isIndex(mediaType)) throw badManifest(what, `it is an index, announced as ${mediaType}`);
    for (const entry of json.manifests as unknown[]) checkDescriptor(entry, what);
  } else {
    if (!isManifest(mediaType)) throw badManifest(what, `it is an image manifest, announced as ${mediaType}`);
    for (const entry of [json.config, ...(json.layers as unknown[])]) checkDescriptor(entry, what);
  }
  if (json.subject !== undefined) checkDescriptor(json.subject, what);
  return { mediaType, json: json as unknown as Manifest | Index };
}

/** Reads an image config. Throws E_BAD_MANIFEST where os, architecture or rootfs are missing or of the wrong kind. */
export function parseImageConfig(bytes: Uint8Array, what: string): ImageConfig {
  const json = parseObject(bytes, what);
  const rootfs = json.rootfs;
  if (typeof json.os !== 'string' || typeof json.architecture !== 'string') {
    throw badManifest(what, 'it has no os or no architecture');
  }
  if (!isObject(rootfs)) throw badManifest(what, 'it has no rootfs');
  const diffIds = rootfs.diff_ids ?? [];
  if (!Array.isArray(diffIds) || !diffIds.every(id => typeof id === 'string' && isDigest(id))) {
    throw badManifest(what, 'its rootfs.diff_ids are not a list of digests');
  }
  return { ...json, rootfs: { type: 'layers', diff_ids: diffIds } } as unknown as ImageConfig;
}

/** Throws E_BAD_MANIFEST where the value is no descriptor with a known digest and a size that can be. */
export function checkDescriptor(value: unknown, what: string): asserts value is Descriptor {
  if (!isObject(value)) throw badManifest(what, 'a descriptor is not an object');
  const { digest, size, mediaType } = value;
  if (typeof digest !== 'string' || !isDigest(digest)) throw badManifest(what, 'a descriptor has no valid digest');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw badManifest(what, `the descriptor of ${digest} has no valid size`);
  }
  if (typeof mediaType !== 'string') throw badManifest(what, `the descriptor of ${digest} has no media type`);
}

function agreedMediaType(json: Readonly<Record<string, unknown>>, announced: string | undefined, what: string): string {
  const own = typeof json.mediaType === 'string' && json.mediaType !== '' ? json.mediaType : undefined;
  const known = announced !== undefined && (isIndex(announced) || isManifest(announced)) ? announced : undefined;
  if (own !== undefined && known !== undefined && own !== known) {
    throw badManifest(what, `it calls itself ${own}, but was announced as ${known}`);
  }
  const mediaType = own ?? known ?? (Array.isArray(json.manifests) ? mediaTypes.ociIndex : mediaTypes.ociManifest);
  if (isIndex(mediaType) || isManifest(mediaType)) return mediaType;
  throw new OciError('E_UNSUPPORTED_MEDIA_TYPE', `${what} is of the media type ${mediaType}, which is no image`);
}

function parseObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  const json = parseJson(bytes, what);
  if (!isObject(json)) throw badManifest(what, 'it is not a JSON object');
  return json;
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badManifest(what, 'it is not JSON');
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function badManifest(what: string, why: string): OciError {
  return new OciError('E_BAD_MANIFEST', `${what} cannot be read: ${why}`, {
    hint: 'check that this is the address of a registry and the name of an image; else push the image again',
  });
}
