import {
  type Descriptor,
  digestOf,
  formatPlatform,
  type Index,
  type Manifest,
  type Platform,
  parsePlatform,
} from '@varve/oci';
import type { Annotation, AnnotationTarget } from '../model/annotation.js';
import type { BuiltImages, Image } from '../model/image.js';

type Annotations = Readonly<Record<string, string>>;

/** The images with annotations added, of which the last of a name counts. What carries one gets another digest; configs and layers stay. */
export function annotateImages(built: BuiltImages, annotations: readonly Annotation[]): BuiltImages {
  if (annotations.length === 0) return built;
  const [first, ...more] = built.images;
  const images = [annotateImage(first, annotations), ...more.map(image => annotateImage(image, annotations))] as const;
  if (!built.index) return { images };
  const json = JSON.parse(Buffer.from(built.index.bytes).toString('utf8')) as Index;
  const manifests = json.manifests.map((entry, at) => ({ ...entry, ...images[at]?.manifestDescriptor }));
  const index = { ...json, manifests, ...added(json, chosen(annotations, 'index')) };
  const bytes = Buffer.from(JSON.stringify(index));
  const descriptor = {
    ...built.index.descriptor,
    digest: digestOf(bytes),
    size: bytes.length,
    ...added(built.index.descriptor, chosen(annotations, 'index-descriptor')),
  };
  return { images, index: { descriptor, bytes } };
}

/** One image with those annotations that are for its manifest and the descriptor of that. */
export function annotateImage(image: Image, annotations: readonly Annotation[]): Image {
  const onManifest = chosen(annotations, 'manifest', image.platform);
  const onDescriptor = chosen(annotations, 'manifest-descriptor', image.platform);
  const manifestBytes = onManifest === undefined ? image.manifestBytes : annotateManifest(image, onManifest);
  const manifestDescriptor: Descriptor = {
    ...image.manifestDescriptor,
    digest: digestOf(manifestBytes),
    size: manifestBytes.length,
    ...added(image.manifestDescriptor, onDescriptor),
  };
  return { ...image, manifestBytes, manifestDescriptor };
}

function annotateManifest({ manifestBytes }: Image, annotations: Annotations): Uint8Array {
  const json = JSON.parse(Buffer.from(manifestBytes).toString('utf8')) as Manifest;
  return Buffer.from(JSON.stringify({ ...json, ...added(json, annotations) }));
}

/** The annotations for a target, by name; undefined where there are none. */
function chosen(all: readonly Annotation[], on: AnnotationTarget, platform?: Platform): Annotations | undefined {
  const own = all.filter(
    each =>
      each.on === on && (each.platform === undefined || (platform !== undefined && isFor(each.platform, platform))),
  );
  return own.length === 0 ? undefined : Object.fromEntries(own.map(({ name, value }) => [name, value]));
}

function isFor(text: string, platform: Platform): boolean {
  return formatPlatform(parsePlatform(text)) === formatPlatform(platform);
}

function added(
  { annotations }: { readonly annotations?: Annotations },
  more: Annotations | undefined,
): { readonly annotations?: Annotations } {
  return more === undefined ? {} : { annotations: { ...annotations, ...more } };
}
