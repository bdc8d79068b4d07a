import { noCredentials } from '../auth/credential.js';
import { OciError } from '../errors.js';
import { hostCertificates } from '../http/certificates.js';
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

  /** Where to pull from, in order: the mirrors, then the registry itself. */
  async forPull(registry: string): Promise<readonly Endpoint[]> {
    const name = canonicalRegistry(registry);
    const mirrors = this.#options.mirrors?.[name] ?? [];
    return Promise.all([...mirrors.map(mirror => this.#mirror(mirror)), this.origin(name)]);
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
        }),
    );
    this.#made.set(key, made);
    return made;
  }

  /** Loopback is plain HTTP by its name alone, unless certificates are configured for it. */
  async #wire(host: string, protocol: Wire['protocol'] | undefined): Promise<Wire | undefined> {
    const verifyTls = !this.#isInsecure(host);
    if (protocol !== undefined) return { protocol, verifyTls };
    if (isLoopbackHost(new URL(`http://${host}`).hostname)) {
      const certificates = await hostCertificates(host, this.#options);
      if (certificates !== undefined) return { protocol: 'https:', verifyTls };
      return verifyTls ? { protocol: 'http:', verifyTls } : undefined;
    }
    return verifyTls ? { protocol: 'https:', verifyTls } : undefined;
  }

  #isInsecure(host: string): boolean {
    return (this.#options.insecure ?? []).some(entry => {
      const bare = entry
        .replace(/^https?:\/\//, '')
        .replace(/\/.*$/, '')
        .toLowerCase();
      return bare === host || bare === new URL(`http://${host}`).hostname;
    });
  }
}
