import { codeOf, OciError } from '../errors.js';
import type { HttpResponse } from '../http/response.js';
import { askedPause, isTransientStatus, mayRetry, pause } from '../http/retry.js';
import { locationOf } from '../http/transport.js';
import type { Descriptor } from '../model/descriptor.js';
import { formatRepository, type Repository } from '../reference.js';
import { headBlob } from './blob-pull.js';
import { uploadInChunks } from './chunked-upload.js';
import type { Endpoint } from './endpoint.js';
import { pushAccess } from './manifests.js';
import type { Elsewhere } from './pushed-blobs.js';
import { statusError } from './status-error.js';
import type { PushBlobOptions, PushBlobOutcome } from './types.js';

/** Pieces for a registry, or the proxy before it, that refuses a whole blob with 413; nginx takes 1 MiB unless it is told otherwise. */
const fallbackChunks: readonly number[] = [8 * 1024 * 1024, 1024 * 1024];

/** An upload under way: what, where to and on whose behalf. */
export interface Upload {
  readonly endpoint: Endpoint;
  readonly repository: Repository;
  readonly descriptor: Descriptor;
  readonly open: () => AsyncIterable<Uint8Array>;
  readonly options: PushBlobOptions;
  /** The place of an upload to the repository that was begun already; asked once bytes have to be sent. */
  readonly begun: () => Promise<UploadPlace | undefined>;
}

/** Where an upload goes. */
export interface UploadPlace {
  readonly url: URL;
  /** Bytes that each piece has at least, but for the last (OCI-Chunk-Min-Length). */
  readonly leastChunk: number;
}

function placeOf(response: HttpResponse): UploadPlace {
  const least = Number(response.headers['oci-chunk-min-length'] ?? 0);
  return { url: locationOf(response), leastChunk: Number.isSafeInteger(least) ? least : 0 };
}

/** Puts a blob into a repository unless it is there; mounts it where that can be. */
export async function pushBlob(upload: Upload, elsewhere: Elsewhere): Promise<PushBlobOutcome> {
  const { endpoint, repository, descriptor, options } = upload;
  const access = pushAccess(endpoint, repository.repository);
  if (options.skipCheck !== true && (await headBlob(endpoint, access, descriptor.digest, options.signal)))
    return 'exists';
  const source = (await elsewhere()) ?? options.mountFrom;
  let started: UploadPlace | undefined;
  if (source !== undefined && source.repository !== repository.repository) {
    const mount = await startMount(upload, source);
    if (mount === 'mounted') return 'mounted';
    started = mount;
  }
  await uploadWithRetries(upload, started ?? (await upload.begun()));
  return 'uploaded';
}

/**
 * Asks for a blob of another repository: mounted, or the place for an upload that the registry opened instead. Undefined where it
 * would not, for want of a right to the other repository for instance: the blob can still be uploaded.
 */
export async function startMount(
  upload: Pick<Upload, 'endpoint' | 'repository' | 'descriptor' | 'options'>,
  from: Repository,
): Promise<'mounted' | UploadPlace | undefined> {
  const { endpoint, repository, descriptor, options } = upload;
  const source = endpoint.pathOf(from.repository);
  const { repository: path, scopes } = pushAccess(endpoint, repository.repository);
  const asked = endpoint.request({
    method: 'POST',
    target: { path: `${path}/blobs/uploads/`, query: { mount: descriptor.digest, from: source } },
    access: { repository: path, scopes: [...scopes, `repository:${source}:pull`] },
    body: { bytes: new Uint8Array() },
    signal: options.signal,
  });
  const response = await asked.catch((error: unknown) => {
    if (codeOf(error) === 'E_UNAUTHORIZED') return undefined;
    throw error;
  });
  if (response === undefined) return undefined;
  await response.body.discard();
  if (response.status === 201) return 'mounted';
  return response.status === 202 ? placeOf(response) : undefined;
}

async function uploadWithRetries(upload: Upload, started: UploadPlace | undefined): Promise<void> {
  const { endpoint, options } = upload;
  let chunkSize = options.chunkSize;
  let place = started;
  let renewed = false;
  for (let attempt = 1; ; attempt++) {
    const tried = await attemptUpload(upload, place ?? (await startUpload(upload)), { chunkSize, attempt });
    if (tried === 'done') return;
    options.signal?.throwIfAborted();
    const { failure, status, asked, again } = tried;
    const newToken: boolean = status === 401 && !renewed;
    const smaller: number | undefined = status === 413 ? smallerChunk(upload, chunkSize) : undefined;
    place = undefined;
    renewed ||= newToken;
    chunkSize = smaller ?? chunkSize;
    if (newToken || smaller !== undefined) continue;
    if (!again) throw failure;
    await pause(endpoint.retry, attempt, asked, options.signal);
  }
}

/** The next smaller pieces that are worth a try; undefined where the caller has chosen their size. */
function smallerChunk({ options }: Upload, current: number | undefined): number | undefined {
  if (options.chunkSize !== undefined) return undefined;
  return fallbackChunks.find(size => size < (current ?? Number.POSITIVE_INFINITY));
}

interface FailedAttempt {
  readonly failure: unknown;
  readonly status?: number;
  /** Milliseconds that the registry asked us to wait. */
  readonly asked?: number | undefined;
  /** May a new upload succeed? */
  readonly again: boolean;
}

async function attemptUpload(
  upload: Upload,
  { url, leastChunk }: UploadPlace,
  { chunkSize, attempt }: { readonly chunkSize: number | undefined; readonly attempt: number },
): Promise<'done' | FailedAttempt> {
  const { retry } = upload.endpoint;
  try {
    const size = chunkSize === undefined ? undefined : Math.max(chunkSize, leastChunk);
    const response = await send(upload, url, size, attempt);
    const { status } = response;
    if (status >= 200 && status < 300) {
      await response.body.discard();
      return 'done';
    }
    const asked = askedPause(response.headers);
    const again = attempt <= retry.retries && mayPass(status) && (asked ?? 0) <= retry.maxRetryAfter;
    return { failure: await uploadError(upload, response), status, asked, again };
  } catch (failure) {
    return { failure, again: chunkSize === undefined && mayRetry(retry, attempt, failure) };
  }
}

/** 404 and 416 are an upload that the registry has forgotten or counted otherwise: a new one may do. */
function mayPass(status: number): boolean {
  return isTransientStatus(status) || status === 404 || status === 416;
}

/** An upload of which it may not be known yet what it is of. */
export type AnyUpload = Pick<Upload, 'endpoint' | 'repository' | 'options'> & Partial<Pick<Upload, 'descriptor'>>;

/** Asks for the place of an upload. */
export async function startUpload(upload: AnyUpload): Promise<UploadPlace> {
  const { endpoint, repository, options } = upload;
  const access = pushAccess(endpoint, repository.repository);
  const response = await endpoint.request({
    method: 'POST',
    target: { path: `${access.repository}/blobs/uploads/` },
    access,
    body: { bytes: new Uint8Array() },
    signal: options.signal,
  });
  if (response.status !== 202) throw await uploadError(upload, response);
  await response.body.discard();
  return placeOf(response);
}

async function send(upload: Upload, place: URL, chunkSize: number | undefined, attempt: number): Promise<HttpResponse> {
  const { endpoint, repository, descriptor, open, options } = upload;
  const access = pushAccess(endpoint, repository.repository);
  if (chunkSize !== undefined) return uploadInChunks({ ...upload, access, chunkSize }, place);
  const stream = counted(open(), descriptor, options.onProgress);
  return endpoint.exchange({
    method: 'PUT',
    target: { url: withDigest(place, descriptor) },
    access,
    headers: { 'content-type': 'application/octet-stream' },
    // A little is sent sooner as a whole.
    body: descriptor.size <= little ? { bytes: await collected(stream) } : { stream, size: descriptor.size },
    signal: options.signal,
    attempt,
  });
}

/** Bytes that are sent in no more time than a question and its answer take. */
export const little = 64 * 1024;

async function collected(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The address that closes an upload. */
function withDigest(place: URL, descriptor: Descriptor): URL {
  const url = new URL(place);
  url.searchParams.set('digest', descriptor.digest);
  return url;
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  descriptor: Descriptor,
  onProgress: ((sent: number) => void) | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sent = 0;
  for await (const chunk of source) {
    sent += chunk.byteLength;
    if (sent > descriptor.size) break;
    yield chunk;
    onProgress?.(sent);
  }
  if (sent === descriptor.size) return;
  const found = sent > descriptor.size ? 'more' : 'fewer';
  throw new OciError(
    'E_SIZE_MISMATCH',
    `the source of blob ${descriptor.digest} gives ${found} than the ${descriptor.size} bytes announced`,
  );
}

/** What an answer to an upload means. */
function uploadError({ endpoint, repository, descriptor }: AnyUpload, response: HttpResponse): Promise<OciError> {
  const blob = descriptor === undefined ? 'a blob' : `blob ${descriptor.digest}`;
  const what = `the upload of ${blob} to ${formatRepository(repository)}`;
  return statusError(response, { what, missing: 'E_REGISTRY_STATUS', redact: text => endpoint.redact(text) });
}
