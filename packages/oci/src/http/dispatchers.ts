import type { SecureContext, SecureContextOptions } from 'node:tls';
import type { Dispatcher } from 'undici';
import { OciError } from '../errors.js';
import { hostCertificates, systemAuthorities } from './certificates.js';
import { proxyFor } from './proxy.js';
import type { HttpOptions } from './types.js';
import { agentClass, proxyAgentClass } from './undici-parts.js';

/** Makes and keeps undici's dispatchers: one for each way of connecting. undici is loaded at the first request. */
export class Dispatchers {
  readonly #options: HttpOptions;
  readonly #made = new Map<string, Promise<Dispatcher>>();
  #authorities: Promise<readonly string[]> | undefined;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /** The dispatcher for a URL. `verify` false: any certificate will do. */
  async for(url: URL, verify: boolean): Promise<Dispatcher> {
    const proxy = proxyFor(url, this.#options.env ?? process.env);
    const tls = url.protocol === 'https:';
    const key = `${tls ? `${verify} ${url.host}` : 'plain'} ${proxy?.href ?? ''}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = this.#make(url, verify, proxy);
    this.#made.set(key, made);
    made.catch(() => this.#made.delete(key));
    return made;
  }

  /** Ends all connections, those in use too. */
  async close(): Promise<void> {
    const made = [...this.#made.values()];
    this.#made.clear();
    await Promise.allSettled(made.map(async dispatcher => (await dispatcher).destroy()));
  }

  async #make(url: URL, verify: boolean, proxy: URL | undefined): Promise<Dispatcher> {
    const timeout = this.#options.timeouts?.connect ?? 20_000;
    const secure = url.protocol === 'https:' ? await this.#secureContext(url.host, verify) : undefined;
    const connect = {
      timeout,
      ...(secure === undefined ? {} : { secureContext: secure }),
      ...(verify ? {} : { rejectUnauthorized: false }),
    };
    const shared = {
      connections: this.#options.connections ?? 8,
      pipelining: 1,
      keepAliveTimeout: 10_000,
      // Node's own limit: to be asked for it, its HTTP would have to be loaded.
      maxHeaderSize: 16 << 10,
    };
    if (proxy === undefined) return new (await agentClass())({ ...shared, connect });
    const proxyTls =
      proxy.protocol === 'https:'
        ? { timeout, secureContext: await this.#secureContext(proxy.host, true) }
        : { timeout };
    return new (await proxyAgentClass())({
      ...shared,
      uri: proxy.href,
      proxyTunnel: false,
      requestTls: connect,
      proxyTls,
    });
  }

  async #secureContext(host: string, verify: boolean): Promise<SecureContext> {
    const own = await hostCertificates(host, this.#options);
    const clientPair = own?.cert === undefined || own.key === undefined ? {} : { cert: own.cert, key: own.key };
    if (!verify) return secureContext(host, clientPair);
    this.#authorities ??= systemAuthorities(this.#options.env ?? process.env);
    const ca = [...(await this.#authorities), ...(this.#options.ca ?? []), ...(own?.ca === undefined ? [] : [own.ca])];
    return secureContext(host, { ca, ...clientPair });
  }
}

async function secureContext(host: string, options: SecureContextOptions): Promise<SecureContext> {
  const { createSecureContext } = await import('node:tls');
  try {
    return createSecureContext(options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OciError('E_REGISTRY_TLS', `the certificates for ${host} cannot be used: ${why}`, {
      host,
      hint: 'certificates and keys are PEM texts, and a key belongs to its certificate',
      cause,
    });
  }
}
