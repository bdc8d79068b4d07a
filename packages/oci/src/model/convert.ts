import { OciError } from '../errors.js';
import type { Descriptor, Index, Manifest } from './descriptor.js';
import { mediaTypes } from './media-types.js';

const pairs: readonly (readonly [oci: string, docker: string])[] = [
  [mediaTypes.ociIndex, mediaTypes.dockerIndex],
  [mediaTypes.ociManifest, mediaTypes.dockerManifest],
  [mediaTypes.ociConfig, mediaTypes.dockerConfig],
  [mediaTypes.ociLayer, mediaTypes.dockerLayer],
  [mediaTypes.ociLayerGzip, mediaTypes.dockerLayerGzip],
  [mediaTypes.ociLayerZstd, mediaTypes.dockerLayerZstd],
  [mediaTypes.ociForeignLayerGzip, mediaTypes.dockerForeignLayerGzip],
];
const ociToDocker: ReadonlyMap<string, string> = new Map(pairs);
const dockerToOci: ReadonlyMap<string, string> = new Map(pairs.map(([oci, docker]) => [docker, oci]));

/** The OCI media type for one of Docker's; another type is given back as it is. */
export function toOciMediaType(mediaType: string): string {
  return dockerToOci.get(mediaType) ?? mediaType;
}

/** Docker's media type for one of OCI's; another type is given back as it is. */
export function toDockerMediaType(mediaType: string): string {
  return ociToDocker.get(mediaType) ?? mediaType;
}

/** The same manifest with OCI media types throughout. Blobs keep their digests; the manifest gets a new one. */
export function toOciManifest(manifest: Manifest): Manifest {
  return {
    ...manifest,
    mediaType: mediaTypes.ociManifest,
    config: retype(manifest.config, toOciMediaType),
    layers: manifest.layers.map(layer => retype(layer, toOciMediaType)),
  };
}

/**
 * The same manifest as Docker schema 2. Annotations, which schema 2 does not have, are left out.
 * Throws E_UNSUPPORTED_MEDIA_TYPE where schema 2 cannot say it: artifacts, a subject, a layer of a type Docker lacks.
 */
export function toDockerManifest(manifest: Manifest): Manifest {
  if (manifest.subject !== undefined || manifest.artifactType !== undefined) {
    throw new OciError('E_UNSUPPORTED_MEDIA_TYPE', 'an artifact or a manifest with a subject has no Docker form');
  }
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: dockerDescriptor(manifest.config),
    layers: manifest.layers.map(dockerDescriptor),
  };
}

/** The same index with OCI's media type. Its manifests must be converted, and their descriptors replaced, before. */
export function toOciIndex(index: Index): Index {
  return { ...index, mediaType: mediaTypes.ociIndex };
}

/** The same index as Docker's manifest list, without annotations. Its manifests must be converted before. */
export function toDockerIndex(index: Index): Index {
  const manifests = index.manifests.map(({ annotations: _, ...rest }) => rest);
  return { schemaVersion: 2, mediaType: mediaTypes.dockerIndex, manifests };
}

function retype(descriptor: Descriptor, change: (mediaType: string) => string): Descriptor {
  return { ...descriptor, mediaType: change(descriptor.mediaType) };
}

function dockerDescriptor(descriptor: Descriptor): Descriptor {
  const mediaType = toDockerMediaType(descriptor.mediaType);
  if (!mediaType.startsWith('application/vnd.docker.')) {
    throw new OciError('E_UNSUPPORTED_MEDIA_TYPE', `Docker's manifests have no counterpart of ${descriptor.mediaType}`);
  }
  const { mediaType: _, annotations: __, ...rest } = descriptor;
  return { mediaType, ...rest };
}
