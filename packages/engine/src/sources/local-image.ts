import {
  type ContentReader,
  type Descriptor,
  type Digest,
  findImagePlace,
  type ImageConfig,
  isIndexJson,
  type Manifest,
  openImageStore,
  type Platform,
  parseImageConfig,
  readSmallBlob,
  selectPlatform,
} from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import { VarveError } from '../model/error.js';
import type { Layer } from '../model/layer.js';

/** An image, wherever it is: what is needed to look into it. */
export interface OpenedImage extends AsyncDisposable {
  readonly config: ImageConfig;
  /** Of the manifest. */
  readonly digest: Digest;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  blob(descriptor: Descriptor): Bytes;
}

/** Where relative paths start from, and where an archive's index may be kept. */
export interface LocalPlace {
  readonly cwd: string;
  readonly scratchDir: string;
}

/**
 * Opens an image of a layout folder or an archive on this machine, by `PATH`, `PATH:NAME` or `PATH@DIGEST`; undefined where no path is
 * meant. Errors: `E_IMAGE_UNKNOWN`, `E_PLATFORM_MISMATCH`, those of layouts and archives.
 */
export async function openLocalImage(
  name: string,
  platform: Platform,
  { cwd, scratchDir }: LocalPlace,
): Promise<OpenedImage | undefined> {
  const place = findImagePlace(name, cwd);
  if (place) {
    const store = await openImageStore(place.path, { tmp: scratchDir });
    return openStored(await store.find(place.name), store, platform);
  }
  if (/^\.{0,2}\//.test(name)) throw new VarveError('E_IMAGE_UNKNOWN', `there is no ${name}`);
  return undefined;
}

/** Opens an image of a store of images. Errors: `E_PLATFORM_MISMATCH`, `E_IMAGE_INVALID`. */
export async function openStored(
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

/** What a manifest and a config say together. Errors: `E_IMAGE_INVALID`. */
export function openedParts({ layers }: Manifest, config: ImageConfig): Pick<OpenedImage, 'config' | 'layers'> {
  const { diff_ids: diffIds } = config.rootfs;
  if (diffIds.length !== layers.length)
    throw new VarveError(
      'E_IMAGE_INVALID',
      `the image has ${layers.length} layers, and its config names ${diffIds.length}`,
    );
  return { config, layers: layers.map((descriptor, at) => ({ descriptor, diffId: diffIds[at] as Layer['diffId'] })) };
}
