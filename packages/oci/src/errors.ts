/** Every code that this package throws, with its meaning. Decide by code; messages are for people. */
export const errorCodes = {
  E_BAD_REFERENCE: 'a text is not an image reference',
  E_BAD_DIGEST: 'a text is not a digest that can be checked',
  E_BAD_PLATFORM: 'a text is not a platform',
  E_BAD_MANIFEST: 'a manifest, index or config is not valid JSON of its kind',
  E_BAD_RESPONSE: 'a registry answered against the protocol',
  E_BAD_URL: 'an address is not an http or https URL',
  E_MANIFEST_TOO_LARGE: 'a manifest or config is larger than the limit',
  E_UNSUPPORTED_MEDIA_TYPE: 'content of a media type that this package cannot treat',
  E_PLATFORM_MISMATCH: 'the image is not there for the platform asked for',
  E_DIGEST_MISMATCH: 'bytes do not have the digest they were announced with',
  E_SIZE_MISMATCH: 'bytes are more or fewer than announced',
  E_REGISTRY_UNREACHABLE: 'no connection: name not found, refused, no route, or no answer in time',
  E_REGISTRY_TLS: 'no trusted TLS connection: unknown or expired certificate, wrong name, or no TLS at all',
  E_REGISTRY_TIMEOUT: 'a connected host stopped sending or receiving, or is slower than the least speed',
  E_REGISTRY_CONNECTION: 'the connection broke, again after every retry',
  E_REGISTRY_STATUS: 'a host answered with a status that nothing better describes',
  E_RATE_LIMITED: 'a host answered 429, again after every retry',
  E_REDIRECT: 'a redirect that may not be followed: too many, to plain HTTP, or to no address',
  E_UNAUTHORIZED: 'the registry wants credentials, or refuses those it got',
  E_DENIED: 'the credentials do not allow this',
  E_NAME_UNKNOWN: 'the registry does not know the repository',
  E_MANIFEST_UNKNOWN: 'the registry does not have the manifest or tag',
  E_BLOB_UNKNOWN: 'the registry, layout or archive does not have the blob',
  E_UNSUPPORTED: 'the registry does not offer this operation',
  E_CREDENTIALS: 'a credential file or helper cannot be used',
  E_BAD_LAYOUT: 'a directory is not an OCI image layout',
  E_BAD_ARCHIVE: 'a tar is not an image archive, or is damaged',
  E_IMAGE_UNKNOWN: 'a layout or archive has no such image, or more than one and no name was given',
} as const;

/** A code out of {@link errorCodes}. */
export type OciErrorCode = keyof typeof errorCodes;

/** What an {@link OciError} may carry beside code and message. Never a credential, a token or a URL's query. */
export interface OciErrorDetails {
  /** What the reader can do about it. */
  readonly hint?: string | undefined;
  /** HTTP status, where one was received. */
  readonly status?: number | undefined;
  /** Host (and port) that was talked to. */
  readonly host?: string | undefined;
  /** The error below this one. */
  readonly cause?: unknown;
}

/** The one error class of this package. */
export class OciError extends Error {
  override readonly name = 'OciError';
  readonly code: OciErrorCode;
  declare readonly hint?: string;
  declare readonly status?: number;
  declare readonly host?: string;

  constructor(code: OciErrorCode, message: string, details: OciErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.status !== undefined) this.status = details.status;
    if (details.host !== undefined) this.host = details.host;
  }
}

/** The code of any thrown thing, or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
