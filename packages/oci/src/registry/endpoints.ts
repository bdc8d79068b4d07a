import { noCredentials } from '../auth/credential.js';
import { OciError } from '../errors.js';
import { hostCertificates } from '../http/certificates.js';
import { namesHost } from '../http/host-name.js';
import { isLoopbackHost } from '../http/proxy.js';
import { Transport } from '../http/transport.js';
import { canonicalRegistry } from '../reference.js';
import { Endpoint, type Wire } from './endpoint.js';
import type { RegistryClientOptions } from './types.js';

/** The endpoints of a client: one for each registry and mirror, made when first needed. */
export class Endpoints {
  readonly transport: Transport;
  readonly #options: RegistryClientOptions;
  readonly #made = new Map<string, Promise<Endpoint>>();

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.transport = new Transport(options);
  }

  /** The registry itself: for pushing, and for pulling where no mirror serves. */
  origin(registry: string): Promise<Endpoint> {
    const name = canonicalRegistry(registry);
    const host = name === 'docker.io' ? 'registry-1.docker.io' : name;
    return this.#endpoint(`origin ${name}`, { registry: name, host, prefix: '', protocol: undefined });
  }

  /** Where to pull from, in order: the mirrors, then the registry itself unless that is forbidden. */
  async forPull(registry: string): Promise<readonly Endpoint[]> {
    const name = canonicalRegistry(registry);
    const named = Object.entries(this.#options.mirrors ?? {}).filter(([key]) => canonicalRegistry(key) === name);
    const mirrors = named.flatMap(([, list]) => list.map(mirror => this.#mirror(mirror)));
    const closed = mirrors.length > 0 && this.#options.mirrorFallback === false;
    return Promise.all(closed ? mirrors : [...mirrors, this.origin(name)]);
  }

  #mirror(text: string): Promise<Endpoint> {
    const [, scheme, rest = ''] = /^(?:(https?):\/\/)?(.*?)\/*$/.exec(text) ?? [];
    const slash = rest.indexOf('/');
    const host = slash < 0 ? rest : rest.slice(0, slash);
    const prefix = slash < 0 ? '' : rest.slice(slash + 1);
    if (host === '' || !URL.canParse(`https://${rest}`)) {
      throw new OciError('E_BAD_URL', `${JSON.stringify(text)} is not the address of a mirror`, {
        hint: 'write HOST[:PORT][/PATH], or that with http:// or https:// before it',
      });
    }
    const protocol = scheme === undefined ? undefined : scheme === 'http' ? 'http:' : 'https:';
    return this.#endpoint(`mirror ${text}`, { registry: canonicalRegistry(host), host, prefix, protocol });
  }

  #endpoint(
    key: string,
    place: { registry: string; host: string; prefix: string; protocol: Wire['protocol'] | undefined },
  ): Promise<Endpoint> {
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = this.#wire(place.host, place.protocol).then(
      wire =>
        new Endpoint({
          transport: this.transport,
          credentials: this.#options.credentials ?? noCredentials,
          host: place.host,
          prefix: place.prefix,
          registry: place.registry,
          wire,
          isInsecure: host => this.#isInsecure(host),
          isUnchecked: host => this.#isUnchecked(host) || this.#isInsecure(host),
        }),
    );
    this.#made.set(key, made);
    return made;
  }

  /** Loopback is plain HTTP by its name alone, unless TLS is asked for or certificates are configured for it. */
  async #wire(host: string, protocol: Wire['protocol'] | undefined): Promise<Wire | undefined> {
    const verifyTls = !this.#isInsecure(host) && !this.#isUnchecked(host);
    if (protocol !== undefined) return { protocol, verifyTls };
    if (this.#isInsecure(host)) return undefined;
    const loopback = isLoopbackHost(new URL(`http://${host}`).hostname);
    const tls = !verifyTls || !loopback || (await hostCertificates(host, this.#options)) !== undefined;
    return { protocol: tls ? 'https:' : 'http:', verifyTls };
  }

  /** May it be spoken to without TLS? */
  #isInsecure(host: string): boolean {
    return (this.#options.insecure ?? []).some(entry => namesHost(entry, host));
  }

  #isUnchecked(host: string): boolean {
    return (this.#options.skipTlsVerify ?? []).some(entry => namesHost(entry, host));
  }
}
