import { type Access, Authorizer } from '../auth/authorizer.js';
import type { CredentialStore } from '../auth/credential.js';
import { unauthorized } from '../auth/unauthorized.js';
import { OciError } from '../errors.js';
import { isLoopbackHost } from '../http/proxy.js';
import type { HttpResponse } from '../http/response.js';
import { sendAndRead, sendWithRetries } from '../http/retry.js';
import type { HttpRequest, RequestBody, Transport } from '../http/transport.js';

/** How a host is spoken to. */
export interface Wire {
  readonly protocol: 'http:' | 'https:';
  readonly verifyTls: boolean;
}

export interface EndpointOptions {
  readonly transport: Transport;
  readonly credentials: CredentialStore;
  /** Host and port that requests go to. */
  readonly host: string;
  /** Path that goes before repositories, for mirrors below a path; empty or without slashes at its ends. */
  readonly prefix: string;
  /** Name for credentials. */
  readonly registry: string;
  /** How to speak to it; undefined: an insecure host, to be tried by TLS and then by plain HTTP. */
  readonly wire: Wire | undefined;
  /** May credentials go to the host in clear? */
  readonly isInsecure: (host: string) => boolean;
  /** Does any certificate of the host do? */
  readonly isUnchecked: (host: string) => boolean;
}

/** A request to a registry; `path` is below `/v2/`, `url` an upload location that the registry gave. */
export interface EndpointRequest {
  readonly method: HttpRequest['method'];
  readonly target: { readonly path: string; readonly query?: Readonly<Record<string, string>> } | { readonly url: URL };
  readonly access: Access;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent once only where it is a stream: nothing is repeated then, not even after a 401. */
  readonly body?: RequestBody;
  readonly signal?: AbortSignal | undefined;
  /** 1 unless the caller repeats things itself. */
  readonly attempt?: number;
}

/** One registry as it is reached over the wire, with its authentication. */
export class Endpoint {
  readonly host: string;
  readonly prefix: string;
  readonly registry: string;
  readonly #transport: Transport;
  readonly #authorizer: Authorizer;
  readonly #options: EndpointOptions;
  #wire: Promise<Wire> | undefined;

  constructor(options: EndpointOptions) {
    const { transport, credentials, registry } = options;
    this.host = options.host;
    this.prefix = options.prefix;
    this.registry = registry;
    this.#transport = transport;
    this.#options = options;
    const trusts = (realm: URL) => ({
      allowed: realm.protocol === 'https:' || isLoopbackHost(realm.hostname) || this.#speaksPlain(realm),
      verifyTls: !options.isUnchecked(realm.host),
    });
    this.#authorizer = new Authorizer({ transport, credentials, registry, trusts });
  }

  get retry(): Transport['retry'] {
    return this.#transport.retry;
  }

  /** The repository's path on this host. */
  pathOf(repository: string): string {
    return this.prefix === '' ? repository : `${this.prefix}/${repository}`;
  }

  /** Strikes this registry's secrets out of a text. */
  redact(text: string): string {
    return this.#authorizer.redact(text);
  }

  /** Sends a request, again where it may help, and gives the last answer whatever its status. */
  request(request: EndpointRequest): Promise<HttpResponse> {
    return sendWithRetries(this.retry, request.signal, attempt => this.exchange({ ...request, attempt }));
  }

  /** The same for an answer that is read at once: what breaks off while it is read is asked for again. */
  read<T>(request: EndpointRequest, read: (response: HttpResponse) => Promise<T>): Promise<T> {
    const send = (attempt: number): Promise<HttpResponse> => this.exchange({ ...request, attempt });
    return sendAndRead(this.retry, request.signal, { send, read });
  }

  /** Sends a request once, or twice where the first answer is 401 and there is something to answer it with. */
  async exchange(request: EndpointRequest): Promise<HttpResponse> {
    const { access, signal } = request;
    const used = await this.#authorizer.header(access, signal);
    const response = await this.#send(request, used);
    if (response.status !== 401 || this.#isForeign(response.url)) return response;
    const next = await this.#authorizer.answer(response.headers['www-authenticate'], access, used, signal);
    if (next === undefined) {
      await response.body.discard();
      throw await this.#unauthorized(access);
    }
    if (request.body !== undefined && 'stream' in request.body) return response;
    await response.body.discard();
    const second = await this.#send(request, next);
    if (second.status !== 401) return second;
    await second.body.discard();
    throw await this.#unauthorized(access);
  }

  async #send(request: EndpointRequest, authorization: string | undefined): Promise<HttpResponse> {
    const wire = await this.#connection(request.signal);
    const url = this.#url(request.target, wire);
    const own = !this.#isForeign(url);
    const headers = { ...request.headers, ...(authorization !== undefined && own ? { authorization } : {}) };
    if (!own && wire.verifyTls && url.protocol === 'http:' && wire.protocol === 'https:') {
      throw new OciError('E_REDIRECT', `${this.host} sends an upload from TLS to plain HTTP on ${url.host}`, {
        host: this.host,
      });
    }
    const { method, body, signal, attempt = 1 } = request;
    const verifyTls = own ? wire.verifyTls : !this.#options.isUnchecked(url.host);
    const sent: HttpRequest = { method, url, headers, body, signal, purpose: 'registry', attempt, verifyTls };
    return method === 'GET' || method === 'HEAD' ? this.#transport.follow(sent) : this.#transport.send(sent);
  }

  #url(target: EndpointRequest['target'], wire: Wire): URL {
    if ('url' in target) return this.#isForeign(target.url) ? target.url : withProtocol(target.url, wire.protocol);
    const url = new URL(`${wire.protocol}//${this.host}/v2/${target.path}`);
    for (const [name, value] of Object.entries(target.query ?? {})) url.searchParams.set(name, value);
    return url;
  }

  #isForeign(url: URL): boolean {
    const wanted = new URL(`${url.protocol}//${this.host}`);
    return url.host !== wanted.host;
  }

  #connection(signal: AbortSignal | undefined): Promise<Wire> {
    if (this.#options.wire !== undefined) return Promise.resolve(this.#options.wire);
    if (this.#wire !== undefined) return this.#wire;
    const probed = this.#probe(signal);
    this.#wire = probed;
    probed.catch(() => {
      this.#wire = undefined;
    });
    return probed;
  }

  async #probe(signal: AbortSignal | undefined): Promise<Wire> {
    const tls: Wire = { protocol: 'https:', verifyTls: false };
    try {
      const url = new URL(`https://${this.host}/v2/`);
      const response = await this.#transport.send({
        method: 'GET',
        url,
        signal,
        purpose: 'registry',
        verifyTls: false,
      });
      await response.body.discard();
      return tls;
    } catch (error) {
      if (signal?.aborted === true) throw error;
      return { protocol: 'http:', verifyTls: false };
    }
  }

  /** Was plain HTTP to this very realm chosen by the user? */
  #speaksPlain(realm: URL): boolean {
    const { isInsecure, wire } = this.#options;
    return isInsecure(realm.host) || (wire?.protocol === 'http:' && realm.host === this.host);
  }

  async #unauthorized(access: Access): Promise<OciError> {
    const known = await this.#authorizer.knows(access);
    const { registry, host } = this;
    return unauthorized({ registry, repository: access.repository, known }, { status: 401, host });
  }
}

/** A registry behind a proxy that ends TLS may call itself by plain HTTP: what stays on its host stays with TLS. */
function withProtocol(url: URL, protocol: string): URL {
  const changed = new URL(url);
  changed.protocol = protocol;
  return changed;
}
