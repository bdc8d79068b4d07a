import {
  type Descriptor,
  digestOf,
  type HistoryEntry,
  type ImageConfig,
  type Manifest,
  mediaTypes,
  type Platform,
  toOciMediaType,
} from '@varve/oci';
import type { Annotation } from '../model/annotation.js';
import type { Image } from '../model/image.js';
import type { Layer } from '../model/layer.js';
import { annotateImage } from './annotate.js';
import { withPlatform } from './image-platform.js';

export interface AssembleInput {
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
  readonly history: readonly HistoryEntry[];
  readonly platform: Platform;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: readonly Annotation[];
  /** SOURCE_DATE_EPOCH, RFC 3339. */
  readonly epoch?: string;
}

/** The config of a finished image: what the stage ended with, its platform, its layers and its history. */
export function finishConfig({ config, layers, history, platform, labels, epoch }: AssembleInput): ImageConfig {
  const created = epoch ?? history.findLast(entry => entry.created !== undefined)?.created;
  const runtime =
    Object.keys(labels).length > 0
      ? { ...config.config, Labels: { ...config.config?.Labels, ...labels } }
      : config.config;
  return {
    ...withPlatform(config, platform),
    ...(created === undefined ? {} : { created }),
    ...(runtime ? { config: runtime } : {}),
    rootfs: { type: 'layers', diff_ids: layers.map(layer => layer.diffId) },
    history,
  };
}

/** Config, manifest and their digests: an OCI image (image-spec 1.1, manifest.md). */
export function assembleImage(input: AssembleInput, config: ImageConfig): Image {
  const configBytes = encode(config);
  const configDescriptor = describe(mediaTypes.ociConfig, configBytes);
  // A base with Docker's media types becomes part of an OCI image; the blobs are the same.
  const layers = input.layers.map(layer => ({
    ...layer,
    descriptor: { ...layer.descriptor, mediaType: toOciMediaType(layer.descriptor.mediaType) },
  }));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: configDescriptor,
    layers: layers.map(layer => layer.descriptor),
  };
  const manifestBytes = encode(manifest);
  const image: Image = {
    platform: input.platform,
    config,
    layers,
    configDescriptor,
    configBytes,
    manifestDescriptor: describe(mediaTypes.ociManifest, manifestBytes),
    manifestBytes,
  };
  return annotateImage(image, input.annotations);
}

/** An index over the images of several platforms. */
export function assembleIndex(images: readonly Image[]): {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
} {
  const manifests = images.map(image => ({ ...image.manifestDescriptor, platform: image.platform }));
  const bytes = encode({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
  return { descriptor: describe(mediaTypes.ociIndex, bytes), bytes };
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
