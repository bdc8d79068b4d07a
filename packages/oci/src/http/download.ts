import { OciError } from '../errors.js';
import { isTransient } from './network-errors.js';
import type { HttpResponse } from './response.js';
import { pause, sendWithRetries } from './retry.js';
import { Transport } from './transport.js';
import type { HttpOptions } from './types.js';

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Sent along; `authorization` and `cookie` not to another origin. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Download {
  /** 200 to 299, or 304 for a conditional request. */
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Where the content came from, after redirects. */
  readonly url: URL;
  /**
   * The content, once. A connection that breaks is taken up again where it stopped if the server gives an ETag or a time, by Range or, where
   * it knows none, from the start; else it is E_REGISTRY_CONNECTION, and the caller may download anew.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Gets things by http and https with the same care as images: proxies, authorities, redirects, retries, limits of time. */
export interface Downloader {
  /**
   * E_BAD_URL, E_REDIRECT, E_REGISTRY_STATUS (any status from 400 on, after retries), E_RATE_LIMITED and the network codes; an
   * aborted signal ends it with its reason.
   */
  readonly get: (url: string | URL, options?: DownloadOptions) => Promise<Download>;
  readonly close: () => Promise<void>;
}

/** The downloader behind `createDownloader`. */
export function openDownloader(options: HttpOptions): Downloader {
  const transport = new Transport(options);
  return {
    get: async (text, request = {}) => {
      const url = parseUrl(text);
      const response = await ask(transport, url, request);
      return {
        status: response.status,
        headers: response.headers,
        url: response.url,
        body: resuming(transport, url, response, request),
      };
    },
    close: () => transport.close(),
  };
}

/** The work of the public `download`. */
export async function download(url: string | URL, options: HttpOptions & DownloadOptions = {}): Promise<Download> {
  const downloader = openDownloader(options);
  try {
    const got = await downloader.get(url, options);
    return { ...got, body: closing(got.body, downloader) };
  } catch (error) {
    await downloader.close();
    throw error;
  }
}

async function* closing(
  body: AsyncIterable<Uint8Array>,
  downloader: Downloader,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } finally {
    await downloader.close();
  }
}

function parseUrl(text: string | URL): URL {
  const url = URL.canParse(String(text)) ? new URL(String(text)) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new OciError('E_BAD_URL', 'the address is not an http or https URL');
}

/** Sends until there is an answer that can be used. A user and password in the URL go as basic authentication. */
async function ask(transport: Transport, url: URL, request: DownloadOptions): Promise<HttpResponse> {
  const { signal } = request;
  const { target, headers } = withoutUserInfo(url, request.headers ?? {});
  const response = await sendWithRetries(transport.retry, signal, attempt =>
    transport.follow({ method: 'GET', url: target, headers, signal, purpose: 'download', attempt }),
  );
  if (response.status < 400) return response;
  await response.body.discard();
  throw statusError(response);
}

async function* resuming(
  transport: Transport,
  url: URL,
  first: HttpResponse,
  request: DownloadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const validator = validatorOf(first);
  let response = first;
  let at = 0;
  let known = 0;
  for (let failures = 0; ; ) {
    const from = at;
    try {
      for await (const chunk of response.body) {
        const fresh = known === 0 ? chunk : chunk.subarray(Math.min(known, chunk.byteLength));
        known -= chunk.byteLength - fresh.byteLength;
        at += fresh.byteLength;
        if (fresh.byteLength > 0) yield fresh;
      }
      return;
    } catch (error) {
      if (!isTransient(error) || validator === undefined || first.status !== 200) throw error;
      failures = at > from ? 1 : failures + 1;
      if (failures > transport.retry.retries) throw error;
      await pause(transport.retry, failures, undefined, request.signal);
      const headers = { ...request.headers, range: `bytes=${at}-`, 'if-range': validator };
      response = await ask(transport, url, { ...request, headers });
      const start = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1];
      const isSame = response.status === 200 && validatorOf(response) === validator;
      // A server that knows no ranges gives the same content from its start.
      known = isSame ? at : 0;
      if (isSame || (response.status === 206 && Number(start) === at)) continue;
      await response.body.discard();
      throw error;
    }
  }
}

/** What tells one version of a content from another. */
function validatorOf({ headers }: HttpResponse): string | undefined {
  const etag = headers.etag?.startsWith('W/') === true ? undefined : headers.etag;
  return etag ?? headers['last-modified'];
}

function withoutUserInfo(
  url: URL,
  headers: Readonly<Record<string, string>>,
): { readonly target: URL; readonly headers: Readonly<Record<string, string>> } {
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  if (url.username === '' && url.password === '') return { target: url, headers: lower };
  const target = new URL(url);
  target.username = '';
  target.password = '';
  const pair = `${unescaped(url.username)}:${unescaped(url.password)}`;
  return { target, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}`, ...lower } };
}

/** A password may have a percent sign that begins no escape. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function statusError({ status, url }: HttpResponse): OciError {
  const details = { status, host: url.host };
  if (status === 429) return new OciError('E_RATE_LIMITED', `${url.host} has had too many requests`, details);
  return new OciError('E_REGISTRY_STATUS', `${url.host} answers ${status} for ${url.pathname}`, details);
}
