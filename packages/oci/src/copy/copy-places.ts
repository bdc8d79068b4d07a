import type { DockerArchiveOptions } from '../archive/docker-archive-write.js';
import type { ImageStore, Layout } from '../layout/layout.js';
import type { ContentReader } from '../model/content.js';
import type { Descriptor } from '../model/descriptor.js';
import { formatReference, type Reference } from '../reference.js';
import type { RegistryClient } from '../registry/types.js';

/** Where an image is copied from. */
export type CopySource =
  | { readonly kind: 'registry'; readonly client: RegistryClient; readonly reference: Reference }
  /** A layout, a layout tar or a docker archive; without a name its only image. */
  | { readonly kind: 'store'; readonly store: ImageStore; readonly name?: string }
  /** Anything that can give manifests and blobs: what a build made. */
  | { readonly kind: 'content'; readonly reader: ContentReader; readonly root: Descriptor };

/** Where an image is copied to. */
export type CopyTarget =
  /** Under each of the references, in any number of repositories and registries. */
  | { readonly kind: 'registry'; readonly client: RegistryClient; readonly references: readonly Reference[] }
  /** Under each of the names (tags or whole references), or without one. */
  | { readonly kind: 'layout'; readonly layout: Layout; readonly names?: readonly string[] }
  /** A tar file, written whole and then renamed to its path. */
  | {
      readonly kind: 'layout-tar' | 'docker-archive';
      readonly path: string;
      readonly names?: readonly string[];
      readonly options?: DockerArchiveOptions;
    };

/** A source, opened. */
export interface OpenedSource {
  readonly reader: ContentReader;
  readonly root: Descriptor;
  /** For messages. */
  readonly what: string;
  /** The repository that blobs can be mounted from. */
  readonly reference?: Reference;
}

/** Finds the image that a source names. */
export async function openSource(source: CopySource, signal: AbortSignal | undefined): Promise<OpenedSource> {
  if (source.kind === 'content')
    return { reader: source.reader, root: source.root, what: `image ${source.root.digest}` };
  if (source.kind === 'store') {
    const { descriptor } = await source.store.find(source.name);
    return {
      reader: source.store,
      root: descriptor,
      what: `image ${source.name ?? descriptor.digest} in ${source.store.where}`,
    };
  }
  const { client, reference } = source;
  const { registry, repository } = reference;
  const top = await client.manifest(reference, { signal });
  const reader: ContentReader = {
    manifest: ({ digest }) =>
      digest === top.descriptor.digest
        ? Promise.resolve(top)
        : client.manifest({ registry, repository, digest }, { signal }),
    blob: descriptor => client.blob(reference, descriptor, { signal }),
  };
  return { reader, root: top.descriptor, what: `image ${formatReference(reference)}`, reference };
}
