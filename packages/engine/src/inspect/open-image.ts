import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type ContentReader,
  type Descriptor,
  type Digest,
  type ImageConfig,
  type ImageStore,
  isIndexJson,
  type Manifest,
  openLayout,
  type Platform,
  parseImageConfig,
  parseReference,
  readImageArchive,
  readSmallBlob,
  selectPlatform,
} from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import { codeOf, VarveError } from '../model/error.js';
import type { Layer } from '../model/layer.js';
import type { Session } from '../session/session.js';
import { openKeptImages } from '../store/kept.js';

/** An image, wherever it is: what is needed to look into it. */
export interface OpenedImage extends AsyncDisposable {
  readonly config: ImageConfig;
  /** Of the manifest. */
  readonly digest: Digest;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  blob(descriptor: Descriptor): Bytes;
}

/**
 * Opens an image by what a person would call it: a layout folder or an archive (`PATH`, `PATH:NAME`), a name or digest in the store, else a
 * reference to a registry. `oci-layout://` and `docker-image://` say outright which it is. Errors: `E_IMAGE_UNKNOWN`, `E_PLATFORM_MISMATCH`
 * and those of layouts, archives and registries.
 */
export async function openImage(name: string, platform: Platform, session: Session): Promise<OpenedImage> {
  const place = name.replace(/^oci-layout:\/\//, '');
  const local = name.startsWith('docker-image://') ? undefined : localPlace(place, session.options.cwd);
  if (local) {
    const store = await openLocal(local.path, session);
    return openStored(await store.find(local.image), store, platform);
  }
  if (place !== name) throw new VarveError('E_IMAGE_UNKNOWN', `there is no layout ${place}`);
  const kept = await openKeptImages(session.store);
  const found = name.startsWith('docker-image://') ? undefined : await kept.find(name).catch(ignoreUnknown);
  if (found) return openStored(found, kept.layout, platform);
  return openPulled(name.replace(/^docker-image:\/\//, ''), platform, session);
}

/** The part of a name that is a layout or an archive on disk, and what is behind the colon or `@`. */
function localPlace(name: string, cwd: string): { readonly path: string; readonly image?: string } | undefined {
  const isPath = /^\.{0,2}\//.test(name);
  if (isPath ? existsSync(resolve(cwd, name)) : holdsImages(resolve(cwd, name))) return { path: resolve(cwd, name) };
  const ends = [...name.matchAll(/[:@]/g)].map(({ index }) => index);
  const end = ends.find(at => holdsImages(resolve(cwd, name.slice(0, at))));
  if (end !== undefined) return { path: resolve(cwd, name.slice(0, end)), image: name.slice(end + 1) };
  if (isPath) throw new VarveError('E_IMAGE_UNKNOWN', `there is no ${name}`);
  return undefined;
}

/** A folder that only has the name of an image is none. */
function holdsImages(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true || (stat?.isDirectory() === true && existsSync(join(path, 'oci-layout')));
}

function openLocal(path: string, session: Session): Promise<ImageStore> {
  return statSync(path).isDirectory() ? openLayout(path) : readImageArchive(path, { tmp: session.scratch.dir });
}

async function openStored(
  { descriptor }: { readonly descriptor: Descriptor },
  store: ContentReader & { close(): Promise<void> },
  platform: Platform,
): Promise<OpenedImage> {
  const { manifest, digest } = await choosePlatform(descriptor, store, platform);
  const bytes = await readSmallBlob(manifest.config, store, `config ${manifest.config.digest}`);
  return {
    ...openedParts(manifest, parseImageConfig(bytes, `config ${manifest.config.digest}`)),
    digest,
    blob: layer => store.blob(layer),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

async function choosePlatform(
  root: Descriptor,
  store: ContentReader,
  platform: Platform,
): Promise<{ readonly manifest: Manifest; readonly digest: Digest }> {
  const { json } = await store.manifest(root);
  if (!isIndexJson(json)) return { manifest: json, digest: root.digest };
  const chosen =
    selectPlatform(json.manifests, platform) ?? (json.manifests.length === 1 ? json.manifests[0] : undefined);
  if (chosen) return choosePlatform(chosen, store, platform);
  throw new VarveError(
    'E_PLATFORM_MISMATCH',
    `the image ${root.digest} is not there for ${platform.os}/${platform.architecture}`,
    {
      hint: 'choose one with --platform',
    },
  );
}

async function openPulled(name: string, platform: Platform, session: Session): Promise<OpenedImage> {
  const client = await session.registry();
  const reference = parseReference(name);
  const { manifest, manifestDescriptor, config } = await client.image(reference, platform, { signal: session.signal });
  return {
    ...openedParts(manifest, config),
    digest: manifestDescriptor.digest,
    blob: descriptor => client.blob(reference, descriptor, { signal: session.signal }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function openedParts({ layers }: Manifest, config: ImageConfig): Pick<OpenedImage, 'config' | 'layers'> {
  const { diff_ids: diffIds } = config.rootfs;
  if (diffIds.length !== layers.length)
    throw new VarveError(
      'E_IMAGE_INVALID',
      `the image has ${layers.length} layers, and its config names ${diffIds.length}`,
    );
  return { config, layers: layers.map((descriptor, at) => ({ descriptor, diffId: diffIds[at] as Layer['diffId'] })) };
}

function ignoreUnknown(error: unknown): undefined {
  if (codeOf(error) !== 'E_IMAGE_UNKNOWN') throw error;
  return undefined;
}
