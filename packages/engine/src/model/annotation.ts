/** What an annotation is put on, in the words of `docker buildx build`. A descriptor is the entry for something in what names it. */
export const annotationTargets = ['manifest', 'index', 'manifest-descriptor', 'index-descriptor'] as const;
export type AnnotationTarget = (typeof annotationTargets)[number];

/** A note on an image for other programs (image-spec, annotations.md). */
export interface Annotation {
  readonly on: AnnotationTarget;
  /** On manifests and their descriptors: only of this platform, `linux/amd64`; absent: of all. */
  readonly platform?: string;
  readonly name: string;
  readonly value: string;
}
