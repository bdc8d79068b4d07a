import type { Access } from '../auth/authorizer.js';
import type { HttpResponse } from '../http/response.js';
import { askedPause, isTransientStatus, mayRetry, pause } from '../http/retry.js';
import { locationOf } from '../http/transport.js';
import type { Descriptor } from '../model/descriptor.js';
import type { Endpoint } from './endpoint.js';
import type { PushBlobOptions } from './types.js';

/** A blob on its way in pieces. */
export interface ChunkedUpload {
  readonly endpoint: Endpoint;
  readonly access: Access;
  readonly descriptor: Descriptor;
  readonly open: () => AsyncIterable<Uint8Array>;
  readonly options: PushBlobOptions;
  /** Bytes a piece; one piece at a time is in memory. */
  readonly chunkSize: number;
}

/**
 * Uploads by PATCH, piece by piece, and closes with an empty PUT. After a failure the registry is asked how far it is, and the
 * upload goes on from there. Gives the last answer: 201 when all went well.
 */
export async function uploadInChunks(upload: ChunkedUpload, place: URL): Promise<HttpResponse> {
  const { descriptor, open, options, chunkSize } = upload;
  let location = withoutDigest(place);
  let start = 0;
  for await (const piece of pieces(open(), chunkSize)) {
    const end = start + piece.byteLength;
    const answer = await patchUntil(upload, location, { piece, start, end });
    if ('response' in answer) return answer.response;
    location = answer.location;
    start = end;
    options.onProgress?.(start);
  }
  const url = new URL(location);
  url.searchParams.set('digest', descriptor.digest);
  const { endpoint, access } = upload;
  const body = { bytes: new Uint8Array() };
  return endpoint.request({ method: 'PUT', target: { url }, access, body, signal: options.signal });
}

interface Piece {
  readonly piece: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Sends one piece until the registry has all of it; its next location, or an answer that ends the upload. */
async function patchUntil(
  upload: ChunkedUpload,
  place: URL,
  { piece, start, end }: Piece,
): Promise<{ readonly location: URL } | { readonly response: HttpResponse }> {
  const { endpoint, options } = upload;
  let location = place;
  let from = start;
  for (let attempt = 1; ; attempt++) {
    const last = attempt > endpoint.retry.retries;
    let asked: number | undefined;
    try {
      const response = await patch(upload, location, { piece: piece.subarray(from - start), start: from, end });
      if (response.status === 202) {
        await response.body.discard();
        return { location: locationOf(response) };
      }
      if (last || !(isTransientStatus(response.status) || response.status === 416)) return { response };
      asked = askedPause(response.headers);
      await response.body.discard();
    } catch (error) {
      if (!mayRetry(endpoint.retry, attempt, error)) throw error;
    }
    await pause(endpoint.retry, attempt, asked, options.signal);
    const state = await uploadState(upload, location);
    if (state === undefined) continue;
    location = state.location;
    if (state.received >= end) return { location };
    from = Math.max(start, state.received);
  }
}

function patch(upload: ChunkedUpload, url: URL, { piece, start, end }: Piece): Promise<HttpResponse> {
  const { endpoint, access, options } = upload;
  return endpoint.exchange({
    method: 'PATCH',
    target: { url },
    access,
    headers: { 'content-type': 'application/octet-stream', 'content-range': `${start}-${end - 1}` },
    body: { bytes: piece },
    signal: options.signal,
  });
}

/** How many bytes the registry has of an upload; undefined where it does not tell. */
async function uploadState(
  upload: ChunkedUpload,
  url: URL,
): Promise<{ readonly location: URL; readonly received: number } | undefined> {
  const { endpoint, access, options } = upload;
  const response = await endpoint.request({ method: 'GET', target: { url }, access, signal: options.signal });
  await response.body.discard();
  const last = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.range ?? '')?.[1];
  if (response.status !== 204 || last === undefined) return undefined;
  const received = Number(last) === 0 ? 0 : Number(last) + 1;
  return { location: response.headers.location === undefined ? url : locationOf(response), received };
}

/** The same bytes in pieces of one size, the last one shorter. */
async function* pieces(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    let rest = chunk;
    while (length + rest.byteLength >= size) {
      const cut = size - length;
      yield Buffer.concat([...held, rest.subarray(0, cut)], size);
      rest = rest.subarray(cut);
      held = [];
      length = 0;
    }
    if (rest.byteLength > 0) held.push(rest);
    length += rest.byteLength;
  }
  if (length > 0) yield Buffer.concat(held, length);
}

function withoutDigest(place: URL): URL {
  const url = new URL(place);
  url.searchParams.delete('digest');
  return url;
}
