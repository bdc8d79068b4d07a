import { checkBytes, digestOf, isDigest, splitDigest } from '../digest.js';
import { OciError } from '../errors.js';
import type { HttpResponse } from '../http/response.js';
import { pause } from '../http/retry.js';
import type { Descriptor, Digest } from '../model/descriptor.js';
import { isIndex, isManifest, mediaTypes } from '../model/media-types.js';
import { largestManifest, type ManifestContent, parseManifest } from '../model/parse.js';
import { formatReference, type Reference, withDefaultTag } from '../reference.js';
import type { Endpoint, EndpointRequest } from './endpoint.js';
import { statusError } from './status-error.js';
import type { RequestOptions } from './types.js';

const accept = [
  mediaTypes.ociIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerIndex,
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestV1Signed,
].join(', ');

/** Pulling: what a request for manifests and blobs of a repository needs. */
export function pullAccess(endpoint: Endpoint, repository: string) {
  const path = endpoint.pathOf(repository);
  return { repository: path, scopes: [`repository:${path}:pull`] };
}

/** Pushing, with what pulling needs. */
export function pushAccess(endpoint: Endpoint, repository: string) {
  const path = endpoint.pathOf(repository);
  return { repository: path, scopes: [`repository:${path}:pull,push`] };
}

/** What a reference names, by HEAD; by GET where HEAD does not tell enough. */
export async function resolveManifest(
  endpoint: Endpoint,
  reference: Reference,
  options: RequestOptions,
): Promise<Descriptor> {
  const response = await endpoint.request(manifestRequest(endpoint, reference, 'HEAD', options));
  await response.body.discard();
  if (response.status === 404) throw await manifestError(endpoint, response, reference);
  const described = response.status === 200 ? describe(response) : undefined;
  if (described === undefined) return (await getManifest(endpoint, reference, options)).descriptor;
  if (reference.digest !== undefined && described.digest !== reference.digest) {
    throw wrongDigest(reference, described.digest, endpoint.host);
  }
  return described;
}

/** A manifest or index: bytes fetched, limited, verified and parsed. */
export async function getManifest(
  endpoint: Endpoint,
  reference: Reference,
  options: RequestOptions,
): Promise<ManifestContent> {
  const what = `manifest ${formatReference(reference)}`;
  const { response, bytes } = await endpoint.read(
    manifestRequest(endpoint, reference, 'GET', options),
    async answer => {
      if (answer.status !== 200) throw await manifestError(endpoint, answer, reference);
      return { response: answer, bytes: await readLimited(answer, what) };
    },
  );
  const digest = verifyManifest(bytes, reference, response, what);
  const { mediaType, json } = parseManifest(bytes, contentType(response), what);
  return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes, json };
}

/** Puts a manifest under a tag or digest, and says whether the registry took note of its subject. */
export async function putManifest(
  endpoint: Endpoint,
  reference: Reference,
  content: { readonly bytes: Uint8Array; readonly mediaType: string },
  options: RequestOptions,
): Promise<{ readonly descriptor: Descriptor; readonly subjectNoted: boolean }> {
  const { bytes, mediaType } = content;
  const digest = digestOf(bytes, reference.digest === undefined ? 'sha256' : splitDigest(reference.digest).algorithm);
  if (reference.digest !== undefined && reference.digest !== digest) {
    checkBytes(
      bytes,
      { digest: reference.digest, size: bytes.byteLength },
      `manifest for ${formatReference(reference)}`,
    );
  }
  const response = await sendManifest(endpoint, reference, { ...content, digest }, options);
  await response.body.discard();
  const told = response.headers['docker-content-digest'];
  if (told !== undefined && isDigest(told) && told.startsWith('sha256:') && told !== digestOf(bytes)) {
    throw wrongDigest(reference, told, endpoint.host);
  }
  const descriptor = { mediaType, digest, size: bytes.byteLength };
  return { descriptor, subjectNoted: response.headers['oci-subject'] !== undefined };
}

/**
 * Sends a manifest until it is taken. Of several who set one tag at the same moment, docker-registry tells some that their digest is wrong
 * (it reads back what another has half written): such an answer is worth another try.
 */
async function sendManifest(
  endpoint: Endpoint,
  reference: Reference,
  { bytes, mediaType, digest }: { readonly bytes: Uint8Array; readonly mediaType: string; readonly digest: Digest },
  { signal }: RequestOptions,
): Promise<HttpResponse> {
  for (let attempt = 1; ; attempt++) {
    const response = await endpoint.request({
      method: 'PUT',
      target: { path: `${endpoint.pathOf(reference.repository)}/manifests/${reference.tag ?? digest}` },
      access: pushAccess(endpoint, reference.repository),
      headers: { 'content-type': mediaType },
      body: { bytes },
      signal,
    });
    if (response.status >= 200 && response.status <= 202) return response;
    const error = await manifestError(endpoint, response, reference);
    if (error.code !== 'E_DIGEST_MISMATCH' || attempt > endpoint.retry.retries) throw error;
    await pause(endpoint.retry, attempt, undefined, signal);
  }
}

/** Deletes a tag or a manifest. */
export async function removeManifest(endpoint: Endpoint, reference: Reference, options: RequestOptions): Promise<void> {
  const path = endpoint.pathOf(reference.repository);
  const response = await endpoint.request({
    method: 'DELETE',
    target: { path: `${path}/manifests/${reference.digest ?? reference.tag ?? 'latest'}` },
    access: { repository: path, scopes: [`repository:${path}:delete,pull,push`] },
    signal: options.signal,
  });
  if (response.status !== 202 && response.status !== 200) throw await manifestError(endpoint, response, reference);
  await response.body.discard();
}

function manifestRequest(
  endpoint: Endpoint,
  reference: Reference,
  method: 'GET' | 'HEAD',
  options: RequestOptions,
): EndpointRequest {
  const name = reference.digest ?? withDefaultTag(reference).tag ?? 'latest';
  return {
    method,
    target: { path: `${endpoint.pathOf(reference.repository)}/manifests/${name}` },
    access: pullAccess(endpoint, reference.repository),
    headers: { accept },
    signal: options.signal,
  };
}

function describe(response: HttpResponse): Descriptor | undefined {
  const digest = response.headers['docker-content-digest'];
  const size = Number(response.headers['content-length'] ?? 'none');
  const mediaType = contentType(response);
  if (digest === undefined || !isDigest(digest) || mediaType === undefined) return undefined;
  if (!Number.isSafeInteger(size) || size <= 0 || !(isIndex(mediaType) || isManifest(mediaType))) return undefined;
  return { mediaType, digest, size };
}

function contentType(response: HttpResponse): string | undefined {
  return response.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
}

async function readLimited(response: HttpResponse, what: string): Promise<Uint8Array> {
  const announced = Number(response.headers['content-length'] ?? 0);
  const bytes = announced > largestManifest ? undefined : await response.body.bytes(largestManifest);
  if (bytes !== undefined) return bytes;
  await response.body.discard();
  throw new OciError('E_MANIFEST_TOO_LARGE', `${what} is larger than ${largestManifest / 1024 / 1024} MiB`, {
    host: response.url.host,
    hint: 'no manifest of an image is that large: check the name, and that this is the address of a registry',
  });
}

function verifyManifest(bytes: Uint8Array, reference: Reference, response: HttpResponse, what: string): Digest {
  if (reference.digest !== undefined) {
    checkBytes(bytes, { digest: reference.digest, size: bytes.byteLength }, what);
    return reference.digest;
  }
  const told = response.headers['docker-content-digest'];
  if (told !== undefined && isDigest(told)) {
    checkBytes(bytes, { digest: told, size: bytes.byteLength }, what);
    return told;
  }
  return digestOf(bytes);
}

function wrongDigest(reference: Reference, told: string, host: string): OciError {
  const what = formatReference(reference);
  return new OciError('E_DIGEST_MISMATCH', `${host} gives the digest ${told} for the manifest ${what}`, { host });
}

function manifestError(endpoint: Endpoint, response: HttpResponse, reference: Reference): Promise<OciError> {
  const what = `manifest ${formatReference(reference)}`;
  return statusError(response, { what, missing: 'E_MANIFEST_UNKNOWN', redact: text => endpoint.redact(text) });
}
