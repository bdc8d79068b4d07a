import { isDeepStrictEqual } from 'node:util';
import { codeOf } from '../errors.js';
import type { Transport } from '../http/transport.js';
import { type Challenge, parseChallenges } from './challenge.js';
import type { Credential, CredentialStore, LookupOptions } from './credential.js';
import { basicHeader, fetchToken, type Token, type TokenRequest } from './tokens.js';

/** What a request needs to be allowed to do. */
export interface Access {
  /** Path below the registry, for credentials that hold for a path; empty for the registry itself. */
  readonly repository: string;
  /** Scopes in the token spec's form: `repository:library/busybox:pull`. */
  readonly scopes: readonly string[];
}

export interface AuthorizerOptions {
  readonly transport: Transport;
  readonly credentials: CredentialStore;
  /** The name under which credentials are looked up. */
  readonly registry: string;
  readonly trusts: TokenRequest['trusts'];
}

/** Knows how one registry wants to be convinced, and keeps its tokens by scope. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens = new Map<string, Promise<Token>>();
  readonly #found = new Map<string, Promise<Credential | undefined>>();
  readonly #secrets = new Set<string>();
  #challenge: Challenge | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The Authorization header to send at once: none before the registry has asked for one. */
  async header(access: Access, signal: AbortSignal | undefined): Promise<string | undefined> {
    if (this.#challenge === undefined) return undefined;
    if (this.#challenge.scheme === 'basic') return basicHeader(await this.#credential(access, signal));
    const token = await this.#token(this.#challenge, access, signal);
    return `Bearer ${token.value}`;
  }

  /**
   * Learns from a 401. Gives the header to try again with, or undefined where there is nothing better than what was refused.
   * @param used the header that was refused.
   */
  async answer(
    header: string | undefined,
    access: Access,
    used: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const challenges = parseChallenges(header);
    const challenge =
      challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges.find(({ scheme }) => scheme === 'basic');
    if (challenge === undefined) return undefined;
    this.#challenge = challenge;
    const refused = await this.#found.get(access.repository);
    const next = await this.#next(access, used, signal);
    if (next !== used) return next;
    if (!(await this.#renewed(access, refused, signal))) return undefined;
    const renewed = await this.#next(access, used, signal);
    return renewed === used ? undefined : renewed;
  }

  /** Was a credential found for this access? Says what hint an error should give. */
  async knows(access: Access): Promise<boolean> {
    return (await this.#found.get(access.repository)) !== undefined;
  }

  /** A text of the server with everything secret struck out, should the server repeat it. */
  redact(text: string): string {
    return [...this.#secrets].reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
  }

  async #next(access: Access, used: string | undefined, signal: AbortSignal | undefined): Promise<string | undefined> {
    if (this.#challenge?.scheme === 'bearer') await this.#forget(access, used);
    return this.header(access, signal);
  }

  async #forget(access: Access, used: string | undefined): Promise<void> {
    const key = tokenKey(access);
    const held = this.#tokens.get(key);
    const known = await held?.catch(() => undefined);
    const refused = known === undefined || used === `Bearer ${known.value}`;
    if (refused && this.#tokens.get(key) === held) this.#tokens.delete(key);
  }

  async #token(challenge: Challenge, access: Access, signal: AbortSignal | undefined): Promise<Token> {
    const key = tokenKey(access);
    const known = await this.#tokens.get(key)?.catch(() => undefined);
    if (known !== undefined && known.renewAt > Date.now()) return known;
    const current = this.#tokens.get(key);
    const shared = current === undefined ? undefined : await current.catch(() => undefined);
    if (current !== undefined && shared !== undefined && shared !== known) return shared;
    const fetched = this.#fetch(challenge, access, signal);
    this.#tokens.set(key, fetched);
    fetched.catch(() => this.#tokens.delete(key));
    return fetched;
  }

  async #fetch(
    challenge: Challenge,
    access: Access,
    signal: AbortSignal | undefined,
    wasRenewed = false,
  ): Promise<Token> {
    const { transport, registry, trusts } = this.#options;
    const credential = await this.#credential(access, signal);
    if (credential?.registryToken !== undefined) return { value: credential.registryToken, renewAt: Infinity };
    const named = (challenge.parameters.scope ?? '').split(' ').filter(scope => scope !== '');
    const scopes = mergeScopes([...access.scopes, ...named.filter(scope => concerns(scope, access))]);
    try {
      const { repository } = access;
      const asked = { challenge, scopes, credential, registry, repository, trusts, signal };
      const token = await fetchToken(transport, asked);
      this.#secrets.add(token.value);
      return token;
    } catch (error) {
      if (wasRenewed || codeOf(error) !== 'E_UNAUTHORIZED') throw error;
      if (!(await this.#renewed(access, credential, signal))) throw error;
      return this.#fetch(challenge, access, signal, true);
    }
  }

  #credential(access: Access, signal: AbortSignal | undefined): Promise<Credential | undefined> {
    return this.#found.get(access.repository) ?? this.#lookUp(access, { signal });
  }

  /** Is there another credential than the one that was refused? Looked up again where no one has done that yet. */
  async #renewed(access: Access, refused: Credential | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    if (refused === undefined) return false;
    if (!isDeepStrictEqual(await this.#credential(access, signal), refused)) return true;
    return !isDeepStrictEqual(await this.#lookUp(access, { signal, anew: true }), refused);
  }

  #lookUp(access: Access, options: LookupOptions): Promise<Credential | undefined> {
    const { credentials, registry } = this.#options;
    const name = access.repository === '' ? registry : `${registry}/${access.repository}`;
    const found = credentials.lookup(name, options).then(credential => {
      for (const secret of secretsOf(credential)) this.#secrets.add(secret);
      return credential;
    });
    this.#found.set(access.repository, found);
    found.catch(() => {
      if (this.#found.get(access.repository) === found) this.#found.delete(access.repository);
    });
    return found;
  }
}

function tokenKey({ repository, scopes }: Access): string {
  return JSON.stringify([repository, ...scopes]);
}

/** A registry names the scope that it wants; that of another repository, left from an earlier request, is none of ours. */
function concerns(scope: string, access: Access): boolean {
  return (
    access.scopes.length === 0 ||
    scope.startsWith(`repository:${access.repository}:`) ||
    !scope.startsWith('repository:')
  );
}

function mergeScopes(scopes: readonly string[]): readonly string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const colon = scope.lastIndexOf(':');
    const resource = scope.slice(0, colon);
    const known = actions.get(resource) ?? new Set<string>();
    for (const action of scope.slice(colon + 1).split(',')) known.add(action);
    actions.set(resource, known);
  }
  return [...actions].map(([resource, known]) => `${resource}:${[...known].join(',')}`);
}

function secretsOf(credential: Credential | undefined): readonly string[] {
  if (credential === undefined) return [];
  const basic = basicHeader(credential)?.slice('Basic '.length);
  const all = [credential.password, credential.identityToken, credential.registryToken, basic];
  return all.filter((secret): secret is string => secret !== undefined && secret.length > 0);
}
