import { OciError } from '../errors.js';
import { sendAndRead } from '../http/retry.js';
import type { HttpRequest, Transport } from '../http/transport.js';
import type { Challenge } from './challenge.js';
import type { Credential } from './credential.js';
import { unauthorized } from './unauthorized.js';

/** A bearer token and when it has to be replaced. */
export interface Token {
  readonly value: string;
  /** `Date.now()` from which on it is not used any more. */
  readonly renewAt: number;
}

/** What a token is asked for with. */
export interface TokenRequest {
  readonly challenge: Challenge;
  readonly scopes: readonly string[];
  readonly credential: Credential | undefined;
  readonly registry: string;
  /** What is to be got at, for errors; empty for the registry itself. */
  readonly repository: string;
  /** May credentials go to this realm without TLS, and must its certificate be verified? */
  readonly trusts: (realm: URL) => { readonly allowed: boolean; readonly verifyTls: boolean };
  readonly signal: AbortSignal | undefined;
}

const largestAnswer = 1024 * 1024;

/**
 * Gets a bearer token from the realm that a challenge names (distribution's token and OAuth2 specs): with a refresh token by POST,
 * with name and password by basic authentication, else anonymously. E_UNAUTHORIZED where the realm refuses.
 */
export async function fetchToken(transport: Transport, request: TokenRequest): Promise<Token> {
  const realm = realmOf(request);
  const { allowed, verifyTls } = request.trusts(realm);
  if (request.credential !== undefined && !allowed) {
    throw new OciError(
      'E_UNAUTHORIZED',
      `${request.registry} asks for credentials to be sent in clear to ${realm.host}`,
      {
        host: realm.host,
        hint: 'they were not sent; its token service has to use TLS, or the registry be named as insecure',
      },
    );
  }
  const wire = wireRequest(realm, request);
  const { status, bytes } = await sendAndRead(transport.retry, request.signal, {
    send: attempt => {
      const sent = { ...wire, verifyTls, attempt };
      return wire.method === 'GET' ? transport.follow(sent) : transport.send(sent);
    },
    read: async response => ({ status: response.status, bytes: await response.body.bytes(largestAnswer) }),
  });
  if (status !== 200) throw refused(status, realm, request);
  return readToken(bytes, realm);
}

function wireRequest(realm: URL, { challenge, scopes, credential, signal }: TokenRequest): HttpRequest {
  const service = challenge.parameters.service;
  const base = { purpose: 'token', signal } as const;
  if (credential?.identityToken !== undefined) {
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: credential.identityToken });
    form.set('client_id', 'varve');
    if (service !== undefined) form.set('service', service);
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    return { ...base, method: 'POST', url: realm, headers, body: { bytes: Buffer.from(form.toString()) } };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (credential?.username !== undefined) url.searchParams.set('account', credential.username);
  const authorization = basicHeader(credential);
  return { ...base, method: 'GET', url, headers: authorization === undefined ? {} : { authorization } };
}

/** The value of a basic Authorization header; undefined where there is no name and password. */
export function basicHeader(credential: Credential | undefined): string | undefined {
  if (credential?.username === undefined || credential.password === undefined) return undefined;
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`;
}

function realmOf({ challenge, registry }: TokenRequest): URL {
  const realm = challenge.parameters.realm ?? '';
  if (URL.canParse(realm) && /^https?:/i.test(realm)) return new URL(realm);
  throw new OciError('E_BAD_RESPONSE', `${registry} asks for a token without saying where to get one`, {
    host: registry,
  });
}

function readToken(bytes: Uint8Array | undefined, realm: URL): Token {
  const json = parse(bytes);
  const value = json.token ?? json.access_token;
  if (typeof value !== 'string' || value === '' || /[^\x21-\x7e]/.test(value)) {
    throw new OciError('E_BAD_RESPONSE', `${realm.host} answers a request for a token without a token`, {
      host: realm.host,
    });
  }
  const seconds = typeof json.expires_in === 'number' && json.expires_in > 0 ? json.expires_in : 60;
  return { value, renewAt: Date.now() + seconds * 1000 - Math.min(10_000, seconds * 200) };
}

function parse(bytes: Uint8Array | undefined): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(Buffer.from(bytes ?? []).toString('utf8'));
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function refused(status: number, realm: URL, request: TokenRequest): OciError {
  const details = { status, host: realm.host };
  if (status === 429) return new OciError('E_RATE_LIMITED', `${realm.host} gives no more tokens for now`, details);
  if (status < 400 || status > 403) {
    return new OciError('E_REGISTRY_STATUS', `${realm.host} answers ${status} to a request for a token`, details);
  }
  const { registry, repository } = request;
  return unauthorized({ registry, repository, known: request.credential !== undefined }, details);
}
