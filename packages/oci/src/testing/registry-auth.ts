import { randomBytes } from 'node:crypto';
import { answerJson, type Call, Refusal, readBody } from './registry-http.js';

/** How an in-memory registry wants to be convinced. */
export interface RegistryAuth {
  readonly kind: 'basic' | 'bearer';
  readonly username: string;
  readonly password: string;
  /** Bearer: taken instead of name and password, by POST. */
  readonly refreshToken?: string;
  /** Bearer: how long a token is said to hold. Default 300. */
  readonly tokenSeconds?: number;
  /** Pulling needs no credentials (with bearer: a token all the same). */
  readonly anonymousPull?: boolean;
}

interface Granted {
  readonly scopes: ReadonlySet<string>;
  readonly until: number;
}

/** Checks Authorization headers, and is the token service of its registry. */
export class RegistryGuard {
  readonly #auth: RegistryAuth;
  readonly #tokens = new Map<string, Granted>();

  constructor(auth: RegistryAuth) {
    this.#auth = auth;
  }

  /** Makes every token given so far invalid. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  /** Throws a 401 unless the call may do this to the repository. */
  check(call: Call, repository: string | undefined, action: 'pull' | 'push' | 'delete'): void {
    const header = call.request.headers.authorization ?? '';
    if (this.#auth.kind === 'basic') {
      if (this.#auth.anonymousPull === true && action === 'pull') return;
      if (header !== this.#basic()) throw unauthorized('Basic realm="varve tests"');
      return;
    }
    const granted = this.#tokens.get(header.replace(/^Bearer /, ''));
    const scope = repository === undefined ? undefined : `${repository}:${action}`;
    const alive = header.startsWith('Bearer ') && granted !== undefined && granted.until > Date.now();
    if (alive && (scope === undefined || granted.scopes.has(scope))) return;
    const wanted =
      repository === undefined ? '' : `,scope="repository:${repository}:${action === 'push' ? 'pull,push' : action}"`;
    const error = header === '' ? '' : `,error="${alive ? 'insufficient_scope' : 'invalid_token'}"`;
    const realm = `http${'encrypted' in call.request.socket ? 's' : ''}://${call.request.headers.host}/token`;
    throw unauthorized(`Bearer realm="${realm}",service="varve tests"${wanted}${error}`);
  }

  /** `/token`: GET with basic authentication or none, POST with a refresh token. */
  async tokenRoute(call: Call): Promise<void> {
    if (this.#auth.kind !== 'bearer') throw new Refusal(404, 'NAME_UNKNOWN', 'there is no token service');
    const body = call.method === 'POST' ? new URLSearchParams((await readBody(call, 65_536)).toString()) : undefined;
    const parameters = body ?? call.url.searchParams;
    if (parameters.get('service') !== 'varve tests') throw new Refusal(400, 'UNSUPPORTED', 'unknown service');
    const known = this.#knows(call, body);
    const scopes = parameters.getAll('scope').flatMap(scope => scope.split(' '));
    const granted = new Set(scopes.flatMap(scope => this.#grant(scope, known)));
    const token = randomBytes(24).toString('base64url');
    const seconds = this.#auth.tokenSeconds ?? 300;
    this.#tokens.set(token, { scopes: granted, until: Date.now() + seconds * 1000 });
    answerJson(
      call,
      200,
      body === undefined ? { token, expires_in: seconds } : { access_token: token, expires_in: seconds },
    );
  }

  #knows(call: Call, body: URLSearchParams | undefined): boolean {
    const { authorization } = call.request.headers;
    if (body !== undefined) {
      const { refreshToken } = this.#auth;
      if (
        body.get('grant_type') === 'refresh_token' &&
        refreshToken !== undefined &&
        body.get('refresh_token') === refreshToken
      )
        return true;
      throw unauthorized('Basic realm="varve tests"');
    }
    if (authorization === undefined && this.#auth.anonymousPull === true) return false;
    if (authorization === this.#basic()) return true;
    throw unauthorized('Basic realm="varve tests"');
  }

  #grant(scope: string, known: boolean): readonly string[] {
    const [, repository, actions = ''] = /^repository:(.+):([a-z,*]+)$/.exec(scope) ?? [];
    const allowed = actions.split(',').filter(action => known || action === 'pull');
    return repository === undefined ? [] : allowed.map(action => `${repository}:${action}`);
  }

  #basic(): string {
    return `Basic ${Buffer.from(`${this.#auth.username}:${this.#auth.password}`).toString('base64')}`;
  }
}

function unauthorized(challenge: string): Refusal {
  return new Refusal(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
}
