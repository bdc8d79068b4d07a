export type { Decompress } from './archive/decompress.js';
export type { DockerArchiveImage, DockerArchiveOptions } from './archive/docker-archive-write.js';
export { type Credential, type CredentialStore, type LookupOptions, noCredentials } from './auth/credential.js';
export { authFilePaths } from './auth/docker-config.js';
export { singleCredential } from './auth/single-credential.js';
export { convertContent, type ManifestFormat } from './copy/convert-content.js';
export type { CopyOptions, CopyProgress, CopyResult } from './copy/copy-image.js';
export type { CopySource, CopyTarget } from './copy/copy-places.js';
export { PushAhead, type PushAheadOptions } from './copy/push-ahead.js';
export type { PushContentOptions } from './copy/push-content.js';
export type { PushMeans, PushProgress } from './copy/push-one.js';
export { Digester, digestOf, type Expected, isDigest, parseDigest, splitDigest, verifyStream } from './digest.js';
export { codeOf, errorCodes, OciError, type OciErrorCode, type OciErrorDetails } from './errors.js';
export type { Download, Downloader, DownloadOptions } from './http/download.js';
export type { CertificateFiles, HostCertificates, HttpOptions, RequestInfo, Timeouts } from './http/types.js';
export { writeFileAtomic } from './layout/atomic-file.js';
export { nameAnnotations, type StoredImage } from './layout/image-names.js';
export { findImagePlace, type ImagePlace } from './layout/image-place.js';
export { createLayout, type ImageStore, Layout, openLayout } from './layout/layout.js';
export {
  type ContentGraph,
  type ContentReader,
  collectContent,
  contentReader,
  readSmallBlob,
} from './model/content.js';
export {
  toDockerIndex,
  toDockerManifest,
  toDockerMediaType,
  toOciIndex,
  toOciManifest,
  toOciMediaType,
} from './model/convert.js';
export type { Descriptor, Digest, Index, Manifest, Platform } from './model/descriptor.js';
export type { Healthcheck, HistoryEntry, ImageConfig, RuntimeConfig } from './model/image-config.js';
export {
  isForeignLayer,
  isImageConfig,
  isIndex,
  isLayer,
  isManifest,
  type LayerCompression,
  layerCompression,
  mediaTypes,
} from './model/media-types.js';
export { isIndexJson, type ManifestContent, parseImageConfig, parseManifest } from './model/parse.js';
export {
  copyImage,
  createDownloader,
  createRegistryClient,
  download,
  loadCredentials,
  login,
  logout,
  openImageStore,
  pushContent,
  readDockerArchive,
  readImageArchive,
  readLayoutTar,
  trustedAuthorities,
  writeDockerArchive,
  writeLayoutTar,
} from './on-demand.js';
export {
  formatPlatform,
  hostPlatform,
  matchPlatform,
  normalizePlatform,
  parsePlatform,
  selectPlatform,
} from './platform.js';
export {
  canonicalRegistry,
  familiarReference,
  familiarRepository,
  formatReference,
  formatRepository,
  isRegistryHost,
  isTag,
  parseReference,
  type Reference,
  type Repository,
  withDefaultTag,
} from './reference.js';
export type { CredentialPlace } from './registry/login.js';
export type {
  BlobOptions,
  MirrorFailure,
  PulledImage,
  PushBlobOptions,
  PushBlobOutcome,
  RegistryClient,
  RegistryClientOptions,
  RegistrySettings,
  RequestOptions,
} from './registry/types.js';
