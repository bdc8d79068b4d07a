import { type CachedStep, type CacheKey, parseCachedStep } from '@varve/engine/plugin';
import { type Descriptor, digestOf, type ImageConfig, type Manifest, mediaTypes } from '@varve/oci';

/** Annotation with the step, as JSON, on its manifest and on the index's entry for it. */
const stepAnnotation = 'io.varve.cache.step';
/** Annotation with the key. */
const keyAnnotation = 'io.varve.cache.key';
/** Annotation with the time of saving, RFC 3339. */
const savedAnnotation = 'io.varve.cache.saved';

/** A remembered step as the registry has it. */
export interface Entry {
  readonly key: CacheKey;
  readonly step: CachedStep;
  /** Milliseconds since the epoch. */
  readonly saved: number;
}

/** What is pushed for one step. */
export interface EntryContent {
  readonly config: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
  readonly manifestBytes: Uint8Array;
  /** Of the step without a layer: the empty blob that stands in, since a manifest wants a layer. */
  readonly placeholder?: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
}

const empty = Buffer.from('{}');

/**
 * A step as an image of one layer, which every registry takes and whose blobs its garbage collection keeps. All that a look-up needs
 * stands in the manifest's annotations, so that one request answers it. Says nothing of what decided the step but the key.
 */
export function encodeEntry(entry: Entry): EntryContent {
  const { layer, created } = entry.step;
  const image: ImageConfig = {
    created,
    architecture: 'unknown',
    os: 'unknown',
    rootfs: { type: 'layers', diff_ids: layer ? [layer.diffId] : [] },
  };
  const config = blobOf(Buffer.from(JSON.stringify(image)), mediaTypes.ociConfig);
  const placeholder = layer ? undefined : blobOf(empty, mediaTypes.ociEmpty);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: config.descriptor,
    layers: [layer?.descriptor ?? (placeholder as { readonly descriptor: Descriptor }).descriptor],
    annotations: encodeAnnotations(entry),
  };
  return { config, manifestBytes: Buffer.from(JSON.stringify(manifest)), ...(placeholder ? { placeholder } : {}) };
}

export function encodeAnnotations({ key, step, saved }: Entry): Readonly<Record<string, string>> {
  return {
    [keyAnnotation]: key,
    [stepAnnotation]: JSON.stringify(step),
    [savedAnnotation]: new Date(saved).toISOString(),
  };
}

/** The entry that annotations tell of; undefined where they tell of none. */
export function decodeAnnotations(annotations: Readonly<Record<string, string>> | undefined): Entry | undefined {
  const key = annotations?.[keyAnnotation];
  const saved = Date.parse(annotations?.[savedAnnotation] ?? '');
  const step = parseCachedStep(parseJson(annotations?.[stepAnnotation]));
  if (key === undefined || !/^[0-9a-f]{64}$/.test(key) || Number.isNaN(saved) || !step) return undefined;
  return { key: key as CacheKey, step, saved };
}

/** The entry of a manifest. One that names another layer than its step, or another key, is none. */
export function decodeManifest(manifest: Manifest, key: CacheKey): Entry | undefined {
  const entry = decodeAnnotations(manifest.annotations);
  if (entry?.key !== key) return undefined;
  const { layer } = entry.step;
  return layer === null || manifest.layers[0]?.digest === layer.descriptor.digest ? entry : undefined;
}

function blobOf(bytes: Uint8Array, mediaType: string): { readonly descriptor: Descriptor; readonly bytes: Uint8Array } {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength }, bytes };
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
