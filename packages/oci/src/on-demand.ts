/**
 * The public functions behind which there is more code than a program may ever need: each loads its part of the package when it is
 * called. Types, references, digests, platforms and layouts are small and always there.
 */
import { stat } from 'node:fs/promises';
import type { DockerArchiveImage, DockerArchiveOptions } from './archive/docker-archive-write.js';
import type { Credential, CredentialStore } from './auth/credential.js';
import type { CopyOptions, CopyResult } from './copy/copy-image.js';
import type { PushContentOptions } from './copy/push-content.js';
import type { Download, Downloader, DownloadOptions } from './http/download.js';
import type { HttpOptions } from './http/types.js';
import type { StoredImage } from './layout/image-names.js';
import { type ImageStore, openLayout } from './layout/layout.js';
import type { ContentReader } from './model/content.js';
import type { CredentialPlace } from './registry/login.js';
import type { RegistryClient, RegistryClientOptions, RequestOptions } from './registry/types.js';

type Env = Readonly<Record<string, string | undefined>>;
type ArchiveOptions = { readonly tmp?: string };
type LoginOptions = Omit<RegistryClientOptions, 'credentials'> & RequestOptions;

/** A client for any number of registries. It keeps connections and tokens; close it when done. */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  let made: Promise<RegistryClient> | undefined;
  const client = (): Promise<RegistryClient> => {
    made ??= import('./registry/client.js').then(({ openRegistryClient }) => openRegistryClient(options));
    return made;
  };
  return {
    resolve: async (...call) => (await client()).resolve(...call),
    manifest: async (...call) => (await client()).manifest(...call),
    image: async (...call) => (await client()).image(...call),
    blob: async function* (...call) {
      yield* (await client()).blob(...call);
    },
    hasBlob: async (...call) => (await client()).hasBlob(...call),
    mountBlob: async (...call) => (await client()).mountBlob(...call),
    pushBlob: async (...call) => (await client()).pushBlob(...call),
    pushManifest: async (...call) => (await client()).pushManifest(...call),
    deleteManifest: async (...call) => (await client()).deleteManifest(...call),
    tags: async (...call) => (await client()).tags(...call),
    referrers: async (...call) => (await client()).referrers(...call),
    ping: async (...call) => (await client()).ping(...call),
    close: async () => (await made)?.close(),
  };
}

/**
 * The credentials of this user, as Docker and podman keep them: DOCKER_AUTH_CONFIG, REGISTRY_AUTH_FILE, `config.json` in
 * DOCKER_CONFIG or `~/.docker`, podman's `auth.json`; in each of them helpers, then entries, then the store, the longest path
 * first; at last the variables of a job of GitLab CI. Files are read at the first look-up, helpers run when asked. Look-ups throw E_CREDENTIALS.
 */
export function loadCredentials(env: Env = process.env): CredentialStore {
  let made: Promise<CredentialStore> | undefined;
  return {
    lookup: async (...call) => {
      made ??= import('./auth/load-credentials.js').then(({ userCredentials }) => userCredentials(env));
      return (await made).lookup(...call);
    },
  };
}

/**
 * Tries a credential with a registry and keeps it where Docker would: in the helper that `config.json` names, else in
 * `config.json` itself, written whole and with mode 0600. E_UNAUTHORIZED where the registry refuses it, E_CREDENTIALS where it
 * cannot be kept, E_BAD_REFERENCE where the registry is no host.
 */
export async function login(
  registry: string,
  credential: Credential,
  options: LoginOptions = {},
): Promise<CredentialPlace> {
  return (await import('./registry/login.js')).login(registry, credential, options);
}

/** Forgets the credential of a registry; false where there was none. E_CREDENTIALS, E_BAD_REFERENCE. */
export async function logout(
  registry: string,
  options: Pick<RegistryClientOptions, 'env'> & RequestOptions = {},
): Promise<boolean> {
  return (await import('./registry/login.js')).logout(registry, options);
}

/**
 * Copies an image or a whole index between registries, layouts and archives. Blobs stream: memory does not grow with their size. What
 * is there already is not moved; within one registry blobs are mounted. Manifests come last, so the target never names what it
 * does not have. Throws what the places throw, and E_PLATFORM_MISMATCH.
 */
export async function copyImage(options: CopyOptions): Promise<CopyResult> {
  return (await import('./copy/copy-image.js')).copyImage(options);
}

/** One download, with connections of its own that end with the body. See {@link Downloader}. */
export async function download(url: string | URL, options: HttpOptions & DownloadOptions = {}): Promise<Download> {
  return (await import('./http/download.js')).download(url, options);
}

/** A downloader that keeps its connections; close it when done. */
export function createDownloader(options: HttpOptions = {}): Downloader {
  let made: Promise<Downloader> | undefined;
  return {
    get: async (...call) => {
      made ??= import('./http/download.js').then(({ openDownloader }) => openDownloader(options));
      return (await made).get(...call);
    },
    close: async () => (await made)?.close(),
  };
}

/**
 * An OCI image layout as a tar: blobs in order of first mention, then `index.json` and `oci-layout`. The same images give the same
 * bytes.
 * @param images the images with their names (a tag or a whole reference); one image may come under several names.
 */
export async function* writeLayoutTar(
  images: readonly StoredImage[],
  reader: ContentReader,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* (await import('./archive/layout-tar.js')).writeLayoutTar(images, reader);
}

/**
 * Opens an OCI layout tar, plain or gzip. A stream, or a compressed file, is laid down in a temporary file until `close`.
 * E_BAD_ARCHIVE, E_BAD_LAYOUT.
 */
export async function readLayoutTar(
  source: string | AsyncIterable<Uint8Array>,
  options: ArchiveOptions = {},
): Promise<ImageStore> {
  return (await import('./archive/layout-tar.js')).readLayoutTar(source, options);
}

/**
 * A docker archive, as `docker load` and `podman load` take it: a config, layers at `<diffId>/layer.tar`, `manifest.json` and
 * `repositories`. The same images give the same bytes. E_UNSUPPORTED_MEDIA_TYPE for an index or an artifact.
 */
export async function* writeDockerArchive(
  images: readonly DockerArchiveImage[],
  reader: ContentReader,
  options: DockerArchiveOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* (await import('./archive/docker-archive-write.js')).writeDockerArchive(images, reader, options);
}

/**
 * Opens what `docker save`, `podman save` or {@link writeDockerArchive} wrote, plain or gzip, as images with OCI manifests. Layers are
 * given as they are in the archive, packed or not. E_BAD_ARCHIVE.
 */
export async function readDockerArchive(
  source: string | AsyncIterable<Uint8Array>,
  options: ArchiveOptions = {},
): Promise<ImageStore> {
  return (await import('./archive/docker-archive-read.js')).readDockerArchive(source, options);
}

/** Opens a tar of images, whichever it is: an OCI layout, or else a docker archive. E_BAD_ARCHIVE. */
export async function readImageArchive(
  source: string | AsyncIterable<Uint8Array>,
  options: ArchiveOptions = {},
): Promise<ImageStore> {
  return (await import('./archive/docker-archive-read.js')).readImageArchive(source, options);
}

/** Opens the images at a path: an OCI layout directory, or a tar of either kind. E_BAD_LAYOUT, E_BAD_ARCHIVE. */
export async function openImageStore(path: string, options: ArchiveOptions = {}): Promise<ImageStore> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  return isFolder ? openLayout(path) : readImageArchive(path, options);
}

/**
 * Pushes an image or index under several names at once, in any number of repositories and registries; see {@link PushContentOptions}. Gives
 * the number of blobs that had to be sent. Throws what the registries throw; a failure leaves no name anywhere,
 * unless it is a name that is refused.
 */
export async function pushContent(options: PushContentOptions): Promise<number> {
  return (await import('./copy/push-content.js')).pushContent(options);
}

/**
 * The authorities that this package trusts, as PEM texts: of SSL_CERT_FILE and SSL_CERT_DIR if given, else the system's, and of
 * NODE_EXTRA_CA_CERTS; for programs that are to trust the same. E_REGISTRY_TLS where a file that the environment names cannot be read.
 */
export async function trustedAuthorities(env: Env = process.env): Promise<readonly string[]> {
  return (await import('./http/certificates.js')).systemAuthorities(env);
}
