import { checkDigester, Digester, sizeMismatch, splitDigest } from '../digest.js';
import { OciError } from '../errors.js';
import { isTransient } from '../http/network-errors.js';
import type { HttpResponse } from '../http/response.js';
import { pause } from '../http/retry.js';
import type { Descriptor } from '../model/descriptor.js';
import { formatRepository, type Repository } from '../reference.js';
import type { Endpoint } from './endpoint.js';
import { pullAccess } from './manifests.js';
import { statusError } from './status-error.js';
import type { BlobOptions } from './types.js';

/** So much has to come in a connection for its break not to count as one more failure. */
const progressThatCounts = 256 * 1024;

interface Transfer {
  readonly endpoint: Endpoint;
  readonly repository: Repository;
  readonly descriptor: Descriptor;
  readonly signal: AbortSignal | undefined;
  readonly what: string;
}

/**
 * The bytes of a blob from one endpoint, verified while they stream. A connection that breaks or ends early is taken up again
 * where it stopped, by Range; from the start, with what is known thrown away, where the server ignores Range.
 */
export async function* pullBlob(
  endpoint: Endpoint,
  repository: Repository,
  descriptor: Descriptor,
  options: BlobOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, offset = 0 } = options;
  const what = `blob ${descriptor.digest} of ${formatRepository(repository)}`;
  const transfer = { endpoint, repository, descriptor, signal, what };
  const verifies = offset === 0 || options.digester !== undefined;
  const digester = options.digester ?? new Digester(splitDigest(descriptor.digest).algorithm);
  let at = offset;
  for (let failures = 0; ; ) {
    const from = at;
    const source = await openAt(transfer, at);
    let broken: unknown;
    try {
      for await (const chunk of source) {
        at += chunk.byteLength;
        if (at > descriptor.size) throw sizeMismatch(at, descriptor, what);
        if (verifies) digester.update(chunk);
        yield chunk;
      }
    } catch (error) {
      if (!isTransient(error)) throw error;
      broken = error;
    }
    if (at === descriptor.size) break;
    failures = at - from >= progressThatCounts ? 1 : failures + 1;
    if (failures > endpoint.retry.retries) throw broken ?? sizeMismatch(at, descriptor, what);
    await pause(endpoint.retry, failures, undefined, signal);
  }
  if (verifies) checkDigester(digester, descriptor, what);
}

/** Is the blob there? */
export async function headBlob(
  endpoint: Endpoint,
  access: { readonly repository: string; readonly scopes: readonly string[] },
  digest: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const target = { path: `${access.repository}/blobs/${digest}` };
  const response = await endpoint.request({ method: 'HEAD', target, access, signal });
  if (response.status === 404) {
    await response.body.discard();
    return false;
  }
  if (response.status === 200) {
    await response.body.discard();
    return true;
  }
  throw await statusError(response, {
    what: `blob ${digest}`,
    missing: 'E_BLOB_UNKNOWN',
    redact: text => endpoint.redact(text),
  });
}

async function openAt(transfer: Transfer, at: number): Promise<AsyncIterable<Uint8Array>> {
  const { endpoint, repository, descriptor, signal, what } = transfer;
  if (descriptor.size === at && at > 0) return nothing();
  const response = await endpoint.request({
    method: 'GET',
    target: { path: `${endpoint.pathOf(repository.repository)}/blobs/${descriptor.digest}` },
    access: pullAccess(endpoint, repository.repository),
    headers: at === 0 ? {} : { range: `bytes=${at}-` },
    signal,
  });
  if (response.status === 206) {
    const start = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1];
    if (Number(start) !== at) throw await badRange(response);
    return response.body;
  }
  if (response.status === 200) {
    const announced = response.headers['content-length'];
    if (announced !== undefined && Number(announced) > descriptor.size) {
      await response.body.discard();
      throw sizeMismatch(Number(announced), descriptor, what);
    }
    return at === 0 ? response.body : skipping(response.body, at);
  }
  throw await statusError(response, { what, missing: 'E_BLOB_UNKNOWN', redact: text => endpoint.redact(text) });
}

async function badRange(response: HttpResponse): Promise<OciError> {
  await response.body.discard();
  const { host } = response.url;
  return new OciError('E_BAD_RESPONSE', `${host} answers a request for a range with another range`, { host });
}

async function* skipping(
  source: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = count;
  for await (const chunk of source) {
    if (left >= chunk.byteLength) {
      left -= chunk.byteLength;
      continue;
    }
    yield left === 0 ? chunk : chunk.subarray(left);
    left = 0;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}
