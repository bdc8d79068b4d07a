import type { CredentialStore } from '../auth/credential.js';
import type { Digester } from '../digest.js';
import type { HttpOptions } from '../http/types.js';
import type { Descriptor, Digest, Index, Manifest, Platform } from '../model/descriptor.js';
import type { ImageConfig } from '../model/image-config.js';
import type { ManifestContent } from '../model/parse.js';
import type { Reference, Repository } from '../reference.js';

/** How a registry client behaves. Everything has a default that suits a public registry. */
export interface RegistryClientOptions extends HttpOptions {
  /** Default: anonymous. See `loadCredentials`. */
  readonly credentials?: CredentialStore;
  /** Hosts (`host` or `host:port`, `*` for all) that are spoken to by TLS without verification, or by plain HTTP. Loopback needs no entry. */
  readonly insecure?: readonly string[];
  /** Hosts whose certificates are not looked at. They are spoken to by TLS all the same, loopback too. */
  readonly skipTlsVerify?: readonly string[];
  /** Where to pull from before the registry itself: `{'docker.io': ['mirror.lan:5000', 'https://cache.lan/hub']}`. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** False: a registry that has mirrors is not asked itself, and a pull that no mirror serves fails. Default true. */
  readonly mirrorFallback?: boolean;
  /** Told of a mirror that failed, and is passed over, once for each reason. That it has not got an image is no failure. It must not throw. */
  readonly onMirrorFailure?: (failure: MirrorFailure) => void;
}

/** A mirror that could not serve. */
export interface MirrorFailure {
  /** Whose mirror it is. */
  readonly registry: string;
  /** Host and port of the mirror. */
  readonly mirror: string;
  readonly error: Error;
}

/** What an operator says of registries, as plain data that can be handed on: a part of {@link RegistryClientOptions}. */
export type RegistrySettings = Pick<
  RegistryClientOptions,
  'insecure' | 'skipTlsVerify' | 'mirrors' | 'mirrorFallback' | 'certFiles'
>;

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface BlobOptions extends RequestOptions {
  /** First byte wanted. With it the size is checked, and the digest only with `digester`. */
  readonly offset?: number;
  /** Has taken the bytes before `offset`; goes on with those that come. */
  readonly digester?: Digester;
}

export interface PushBlobOptions extends RequestOptions {
  /** Called with the bytes sent so far of this blob; goes back where an upload starts again. */
  readonly onProgress?: (sent: number) => void;
  /** A repository of the same registry that may have the blob: mounted from there where the registry can. */
  readonly mountFrom?: Repository | undefined;
  /** Upload in pieces of this many bytes (PATCH) instead of one PUT. A registry that answers 413 gets pieces of 8 MiB anyway. */
  readonly chunkSize?: number;
  /** Do not ask whether the blob is there (the caller knows that it is not). */
  readonly skipCheck?: boolean;
  /**
   * For blobs of which more will follow to this repository, a moment later: asked once the blob was sent, how many uploads are to wait there, begun
   * ahead, for this client's next pushes. What is left of them `close` cancels.
   */
  readonly following?: (() => number) | undefined;
}

/** How a blob came to be in the registry. */
export type PushBlobOutcome = 'exists' | 'mounted' | 'uploaded';

/** An image of one platform, as the registry has it. */
export interface PulledImage {
  readonly manifest: Manifest;
  readonly manifestDescriptor: Descriptor;
  readonly config: ImageConfig;
  readonly configDescriptor: Descriptor;
  /** Exact bytes of manifest and config, for copying on. */
  readonly manifestBytes: Uint8Array;
  readonly configBytes: Uint8Array;
  /** The index that the reference named, where it named one. */
  readonly indexDescriptor?: Descriptor;
}

/**
 * Speaks the distribution protocol. All methods may throw the network codes E_REGISTRY_UNREACHABLE, E_REGISTRY_TLS,
 * E_REGISTRY_TIMEOUT, E_REGISTRY_CONNECTION, E_REGISTRY_STATUS, E_RATE_LIMITED, E_UNAUTHORIZED, E_DENIED, E_REDIRECT,
 * E_BAD_RESPONSE; an aborted signal ends them with its reason.
 */
export interface RegistryClient {
  /** What a reference names now. E_MANIFEST_UNKNOWN, E_NAME_UNKNOWN. */
  resolve(reference: Reference, options?: RequestOptions): Promise<Descriptor>;
  /** A manifest or index, verified. E_MANIFEST_UNKNOWN, E_MANIFEST_TOO_LARGE, E_DIGEST_MISMATCH, E_BAD_MANIFEST. */
  manifest(reference: Reference, options?: RequestOptions): Promise<ManifestContent>;
  /** Manifest and config of the image for a platform. E_PLATFORM_MISMATCH names the platforms that are there. */
  image(reference: Reference, platform: Platform, options?: RequestOptions): Promise<PulledImage>;
  /**
   * The bytes of a blob, verified while they stream; a broken transfer goes on where it stopped.
   * The stream ends without an error only if size and digest are right. E_BLOB_UNKNOWN, E_DIGEST_MISMATCH, E_SIZE_MISMATCH.
   */
  blob(repository: Repository, descriptor: Descriptor, options?: BlobOptions): AsyncIterable<Uint8Array>;
  hasBlob(repository: Repository, digest: Digest, options?: RequestOptions): Promise<boolean>;
  /** Makes a blob of one repository known in another without moving bytes; false where the registry would not. */
  mountBlob(from: Repository, to: Repository, digest: Digest, options?: RequestOptions): Promise<boolean>;
  /**
   * Puts a blob into the registry, unless it is there. Where this client has put it into another repository of the registry, or is about to,
   * it is mounted from there.
   * @param open gives the bytes from the start, and is called again for every attempt. A file stream with chunks of
   *   256 KiB to 1 MiB is fastest.
   */
  pushBlob(
    repository: Repository,
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options?: PushBlobOptions,
  ): Promise<PushBlobOutcome>;
  /**
   * Puts a manifest under the reference's tag, or under its digest where it has no tag. A manifest with a `subject` is entered
   * in the fallback tag where the registry has no referrers API.
   */
  pushManifest(
    reference: Reference,
    bytes: Uint8Array,
    mediaType: string,
    options?: RequestOptions,
  ): Promise<Descriptor>;
  /** Deletes what a reference names. E_UNSUPPORTED where the registry does not allow it. */
  deleteManifest(reference: Reference, options?: RequestOptions): Promise<void>;
  /** All tags, in the registry's order. */
  tags(repository: Repository, options?: RequestOptions): Promise<readonly string[]>;
  /** The manifests that name this one as their subject; through the fallback tag where the registry has no referrers API. */
  referrers(
    repository: Repository,
    digest: Digest,
    options?: RequestOptions & { readonly artifactType?: string },
  ): Promise<Index>;
  /** Can the registry be used with these credentials? One request to `/v2/`, and what authentication takes. */
  ping(registry: string, options?: RequestOptions): Promise<void>;
  /** Closes the connections, once the uploads are cancelled that were begun ahead and not used. */
  close(): Promise<void>;
}
