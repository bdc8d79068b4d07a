import { randomUUID, sign, X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestCertificates } from './certificates.js';
import { closeServer, listen } from './memory-registry.js';

/** How a registry finds a token service, and by which authority it trusts its tokens. */
export interface TokenIssuer {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM text. */
  readonly ca: string;
}

export interface TokenServiceOptions {
  readonly username: string;
  readonly password: string;
  /** Taken instead of name and password, by POST. */
  readonly refreshToken?: string;
  /** For each token in turn, how many seconds docker-registry takes it; the last number counts from then on. Default 300. */
  readonly validSeconds?: readonly number[];
}

/** A token service of its own, for docker-registry. */
export interface TokenService extends TokenIssuer {
  /** Every token given so far, in order. */
  readonly given: readonly string[];
  readonly close: () => Promise<void>;
}

/** docker-registry takes a token for so many seconds after its time. */
const leeway = 60;
const service = 'varve tests';
const issuer = 'varve token service';

/**
 * Starts a token service on a free port of 127.0.0.1 (distribution's token specification): JSON web tokens, signed with the server's
 * key, whose certificate goes along. It tells clients that every token holds for 300 seconds, whatever is true.
 */
export async function startTokenService(
  certificates: TestCertificates,
  options: TokenServiceOptions,
): Promise<TokenService> {
  const given: string[] = [];
  const basic = `Basic ${Buffer.from(`${options.username}:${options.password}`).toString('base64')}`;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://token');
    const body = request.method === 'POST' ? new URLSearchParams(await textOf(request)) : undefined;
    const asked = body ?? url.searchParams;
    const refreshed = options.refreshToken !== undefined && body?.get('refresh_token') === options.refreshToken;
    if (!refreshed && request.headers.authorization !== basic) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="varve tests"' }).end();
      return;
    }
    const seconds = options.validSeconds?.[given.length] ?? options.validSeconds?.at(-1) ?? 300;
    const scopes = asked.getAll('scope').flatMap(scope => scope.split(' '));
    const token = makeToken(certificates, { subject: options.username, scopes, seconds });
    given.push(token);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ [body === undefined ? 'token' : 'access_token']: token, expires_in: 300 }));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const port = await listen(server);
  const realm = `http://127.0.0.1:${port}/token`;
  return { realm, service, issuer, ca: certificates.ca, given, close: () => closeServer(server) };
}

function makeToken(
  { cert, key }: TestCertificates,
  {
    subject,
    scopes,
    seconds,
  }: { readonly subject: string; readonly scopes: readonly string[]; readonly seconds: number },
): string {
  const now = Math.floor(Date.now() / 1000);
  const header = { typ: 'JWT', alg: 'ES256', x5c: [new X509Certificate(cert).raw.toString('base64')] };
  const claims = {
    iss: issuer,
    sub: subject,
    aud: service,
    exp: now - leeway + seconds,
    nbf: now - 2 * leeway,
    iat: now - 2 * leeway,
    jti: randomUUID(),
    access: scopes.flatMap(accessOf),
  };
  const signed = [header, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function accessOf(scope: string): readonly { type: string; name: string; actions: readonly string[] }[] {
  const [, type = '', name = '', actions = ''] = /^(\w+):(.+):([a-z,*]+)$/.exec(scope) ?? [];
  return type === '' ? [] : [{ type, name, actions: actions.split(',') }];
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
