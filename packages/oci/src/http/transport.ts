import { setMaxListeners } from 'node:events';
import { OciError } from '../errors.js';
import { HttpBody, watchUpload } from './body.js';
import { Dispatchers } from './dispatchers.js';
import { announceBody, announceBodyOf } from './large-body.js';
import { networkError, tryLater } from './network-errors.js';
import { proxyFor } from './proxy.js';
import type { HttpResponse } from './response.js';
import { type RetryPolicy, retryPolicy } from './retry.js';
import type { HttpOptions, RequestInfo, Timeouts } from './types.js';
import { sendRequest } from './undici-parts.js';

/** A body that is sent: bytes at hand, or a stream of a known length. */
export type RequestBody =
  | { readonly bytes: Uint8Array }
  | { readonly stream: AsyncIterable<Uint8Array>; readonly size: number };

/** One exchange with one host. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly purpose: RequestInfo['purpose'];
  readonly attempt?: number;
  /** False: any certificate will do. */
  readonly verifyTls?: boolean;
}

const maxRedirects = 10;
/** Up to so many bytes an upload is stored as fast as a question is answered; a registry may copy a larger one about first. */
const quickUpload = 1024 * 1024;

/** The one place where requests leave this package. */
export class Transport {
  readonly retry: RetryPolicy;
  readonly #options: HttpOptions;
  readonly #timeouts: Timeouts;
  readonly #dispatchers: Dispatchers;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#timeouts = options.timeouts ?? {};
    this.#dispatchers = new Dispatchers(options);
    this.retry = retryPolicy(options);
  }

  /** Sends one request and waits for the answer's headers. No redirect is followed and nothing tried again. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    request.signal?.throwIfAborted();
    // Many requests at once are no leak, of which Node would warn.
    if (request.signal !== undefined) setMaxListeners(0, request.signal);
    const { url } = request;
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new OciError('E_BAD_URL', `${url.protocol}// is not an address that can be fetched`);
    }
    this.#announce(request);
    const proxy = proxyFor(url, this.#options.env ?? process.env)?.host;
    const stall = new AbortController();
    const source: { failure?: unknown } = {};
    announceBody(bodySize(request));
    try {
      const dispatcher = await this.#dispatchers.for(url, request.verifyTls ?? true);
      const { statusCode, headers, body } = await sendRequest(dispatcher, {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: request.method,
        headers: this.#headers(request),
        body: this.#body(request, stall, source) as null,
        signal: signalOf(request, stall),
        // undici would end the connection after it, for servers that send a body all the same: registries do not, and each blob is asked for so.
        ...(request.method === 'HEAD' ? { reset: false } : {}),
        headersTimeout: this.#timeouts.headers ?? (bodySize(request) > quickUpload ? 300_000 : 60_000),
        bodyTimeout: this.#timeouts.idle ?? 60_000,
      });
      const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, flatten(value)]));
      if (request.method === 'GET' && request.purpose !== 'token')
        announceBodyOf({ status: statusCode, headers: flat });
      return {
        status: statusCode,
        headers: flat,
        url,
        body: new HttpBody(body, url.host, this.#timeouts, request.signal),
      };
    } catch (error) {
      if (request.signal?.aborted === true) throw request.signal.reason;
      if (source.failure !== undefined) throw source.failure;
      throw networkError(stall.signal.aborted ? stall.signal.reason : error, url.host, proxy);
    }
  }

  /**
   * Sends a GET or HEAD and follows redirects. Authorization does not go along to another origin, and TLS is not left for plain HTTP
   * where it was verified.
   */
  async follow(request: HttpRequest): Promise<HttpResponse> {
    let current = request;
    for (let hops = 0; ; hops++) {
      const response = await this.send(current);
      if (![301, 302, 303, 307, 308].includes(response.status)) return response;
      await response.body.discard();
      if (hops >= maxRedirects) {
        throw new OciError('E_REDIRECT', `${request.url.host} redirects without end`, {
          host: request.url.host,
          hint: 'check the address',
        });
      }
      current = redirected(current, response);
    }
  }

  async close(): Promise<void> {
    await this.#dispatchers.close();
  }

  #announce({ method, url, purpose, attempt }: HttpRequest): void {
    const protocol = url.protocol === 'http:' ? 'http:' : 'https:';
    this.#options.onRequest?.({ method, protocol, host: url.host, path: url.pathname, purpose, attempt: attempt ?? 1 });
  }

  #headers(request: HttpRequest): Record<string, string> {
    return {
      'user-agent': this.#options.userAgent ?? 'varve-oci',
      ...request.headers,
      ...(request.body === undefined ? {} : { 'content-length': String(bodySize(request)) }),
    };
  }

  #body({ body, url }: HttpRequest, stall: AbortController, source: { failure?: unknown }): unknown {
    if (body === undefined) return null;
    if ('bytes' in body) return body.bytes;
    const idle = this.#timeouts.idle ?? 60_000;
    return watchUpload(body.stream, {
      idle,
      stalled: () => {
        const details = { host: url.host, hint: tryLater };
        stall.abort(new OciError('E_REGISTRY_TIMEOUT', `${url.host} stopped taking bytes`, details));
      },
      failed: error => {
        source.failure = error;
      },
    });
  }
}

function bodySize({ body }: HttpRequest): number {
  if (body === undefined) return 0;
  return 'bytes' in body ? body.bytes.byteLength : body.size;
}

/** The caller's signal; joined with that of a stalled upload where there is one to stall. */
function signalOf({ signal, body }: HttpRequest, stall: AbortController): AbortSignal | undefined {
  if (body === undefined || 'bytes' in body) return signal;
  return signal === undefined ? stall.signal : AbortSignal.any([signal, stall.signal]);
}

/** The address that a Location header gives. E_REDIRECT or E_BAD_RESPONSE where it gives none. */
export function locationOf(response: HttpResponse): URL {
  const location = response.headers.location;
  if (location !== undefined && URL.canParse(location, response.url.href)) return new URL(location, response.url);
  const host = response.url.host;
  throw new OciError('E_BAD_RESPONSE', `${host} answers ${response.status} without saying where to go`, { host });
}

function redirected(from: HttpRequest, response: HttpResponse): HttpRequest {
  const url = locationOf(response);
  if (from.url.protocol === 'https:' && url.protocol === 'http:' && (from.verifyTls ?? true)) {
    throw new OciError('E_REDIRECT', `${from.url.host} redirects from TLS to plain HTTP on ${url.host}`, {
      host: from.url.host,
      hint: 'it was not followed: what comes in clear may be anybody’s',
    });
  }
  const same = url.origin === from.url.origin;
  const { authorization, cookie: _, ...rest } = from.headers ?? {};
  const headers = same && authorization !== undefined ? { ...rest, authorization } : rest;
  return {
    ...from,
    url,
    headers,
    purpose: from.purpose === 'download' ? 'download' : 'redirect',
    verifyTls: same ? (from.verifyTls ?? true) : true,
  };
}

function flatten(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
