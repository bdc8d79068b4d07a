import { isDigest } from '../digest.js';
import { OciError } from '../errors.js';
import type { Descriptor } from '../model/descriptor.js';
import { formatReference, isTag, parseReference, withDefaultTag } from '../reference.js';

/** Annotation with the image's name in a layout: its tag, by custom. */
export const refNameAnnotation = 'org.opencontainers.image.ref.name';
/** Annotation with the whole reference, as containerd and BuildKit write it. */
export const fullNameAnnotation = 'io.containerd.image.name';

/** An image in a layout or archive. */
export interface StoredImage {
  readonly descriptor: Descriptor;
  /** The whole reference where it is known, else the name in the layout. */
  readonly name?: string;
}

/** What a name says in a layout's index: a tag alone, or a whole reference with its tag. E_BAD_REFERENCE. */
export function nameAnnotations(name: string | undefined): Readonly<Record<string, string>> {
  if (name === undefined) return {};
  if (isTag(name)) return { [refNameAnnotation]: name };
  const reference = withDefaultTag(parseReference(name));
  return {
    ...(reference.tag === undefined ? {} : { [refNameAnnotation]: reference.tag }),
    [fullNameAnnotation]: formatReference(reference),
  };
}

/** An entry of an index as an image with its name. */
export function storedImage(descriptor: Descriptor): StoredImage {
  const name = descriptor.annotations?.[fullNameAnnotation] ?? descriptor.annotations?.[refNameAnnotation];
  return { descriptor, ...(name === undefined ? {} : { name }) };
}

/**
 * The image that a name means: a reference, a name in the layout, or a digest. Without a name there must be exactly one image.
 * E_IMAGE_UNKNOWN lists what there is.
 */
export function findImage(images: readonly StoredImage[], name: string | undefined, where: string): StoredImage {
  const different = new Set(images.map(({ descriptor }) => descriptor.digest));
  if (name === undefined) {
    const [only] = images;
    if (only !== undefined && different.size === 1) return only;
    const problem = images.length === 0 ? 'has no image' : `has ${different.size} images; say which`;
    throw new OciError('E_IMAGE_UNKNOWN', `${where} ${problem}`, { hint: namesHint(images) });
  }
  const wanted = name.replace(/^@/, '');
  const found = images.find(image => isNamed(image, wanted)) ?? images.find(image => isPinned(image, wanted));
  if (found !== undefined) return found;
  if (isDigest(wanted) && images.length === 0) throw new OciError('E_IMAGE_UNKNOWN', `${where} has no image`);
  throw new OciError('E_IMAGE_UNKNOWN', `${where} has no image ${name}`, { hint: namesHint(images) });
}

function isNamed({ descriptor, name }: StoredImage, wanted: string): boolean {
  return (
    descriptor.digest === wanted ||
    name === wanted ||
    descriptor.annotations?.[refNameAnnotation] === wanted ||
    (name !== undefined && sameReference(name, wanted))
  );
}

/** `NAME@DIGEST`: the image of that name, which has to have that digest. */
function isPinned(image: StoredImage, wanted: string): boolean {
  const at = wanted.lastIndexOf('@');
  return at > 0 && image.descriptor.digest === wanted.slice(at + 1) && isNamed(image, wanted.slice(0, at));
}

function sameReference(a: string, b: string): boolean {
  const whole = (text: string): string | undefined => {
    try {
      return formatReference(withDefaultTag(parseReference(text)));
    } catch {
      return undefined;
    }
  };
  const first = whole(a);
  return first !== undefined && first === whole(b);
}

function namesHint(images: readonly StoredImage[]): string | undefined {
  if (images.length === 0) return undefined;
  const names = images.map(({ name, descriptor }) => name ?? descriptor.digest);
  return `there is: ${[...new Set(names)].slice(0, 20).join(', ')}`;
}
