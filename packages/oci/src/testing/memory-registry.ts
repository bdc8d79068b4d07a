import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type RegistryAuth, RegistryGuard } from './registry-auth.js';
import { beginRoute, blobRoute, uploadRoute } from './registry-blobs.js';
import { answer, answerJson, type Call, Refusal } from './registry-http.js';
import { manifestRoute, referrersRoute, tagsRoute } from './registry-manifests.js';
import { RegistryState } from './registry-state.js';

export interface RegistryOptions {
  readonly auth?: RegistryAuth;
  /** PEM texts; with `clientCa` clients need a certificate. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** The referrers API. Default true. */
  readonly referrers?: boolean;
  /** Deleting manifests. Default true. */
  readonly deletes?: boolean;
  /** Bytes that every piece of an upload has at least, but for the last. Default: any number. */
  readonly leastChunk?: number;
}

/** One request as it came in. */
export interface SeenRequest {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  readonly headers: Readonly<IncomingMessage['headers']>;
}

/** A registry in memory. */
export interface MemoryRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly port: number;
  /** What it holds; tests may look and meddle. */
  readonly state: RegistryState;
  /** Every request so far, in order. */
  readonly seen: SeenRequest[];
  /** Makes all tokens invalid, whatever was said about their time. */
  readonly expireTokens: () => void;
  readonly close: () => Promise<void>;
}

const nameComponent = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const routePattern = new RegExp(`^/v2/(${nameComponent}(?:/${nameComponent})*)/(blobs|manifests|tags|referrers)/(.*)$`);

/**
 * Starts a registry on a free port of 127.0.0.1 that keeps strictly to the OCI distribution spec 1.1: it refuses names, tags,
 * digests and media types that are not right, chunks out of order, content that does not match its digest, and manifests whose
 * blobs it does not have.
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<MemoryRegistry> {
  const state = new RegistryState(options.leastChunk);
  const seen: SeenRequest[] = [];
  const guard = options.auth === undefined ? undefined : new RegistryGuard(options.auth);
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = '', url = '/', headers } = request;
    seen.push({ method, url, headers });
    const call: Call = { request, response, method, url: new URL(url, 'http://registry') };
    route(call, state, guard, options).catch((error: unknown) => refuse(call, error));
  };
  const { tls } = options;
  const client = tls?.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true };
  const server: Server =
    tls === undefined ? createServer(listener) : createTlsServer({ cert: tls.cert, key: tls.key, ...client }, listener);
  const port = await listen(server);
  return {
    host: `127.0.0.1:${port}`,
    port,
    state,
    seen,
    expireTokens: () => guard?.expireTokens(),
    close: () => closeServer(server),
  };
}

/** Listens on a free port of 127.0.0.1. */
export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** Ends a server and all its connections. */
export function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function route(
  call: Call,
  state: RegistryState,
  guard: RegistryGuard | undefined,
  options: RegistryOptions,
): Promise<void> {
  const { pathname } = call.url;
  if (pathname === '/token' && guard !== undefined) return guard.tokenRoute(call);
  if (pathname === '/v2/' || pathname === '/v2') {
    guard?.check(call, undefined, 'pull');
    return answerJson(call, 200, {});
  }
  const [, name = '', kind = '', rest = ''] = routePattern.exec(pathname) ?? [];
  if (name === '' || name.length > 255) throw new Refusal(404, 'NAME_INVALID', 'invalid repository name');
  guard?.check(call, name, actionOf(call.method, rest));
  if (kind === 'manifests') {
    const rules = { referrers: options.referrers ?? true, deletes: options.deletes ?? true };
    return manifestRoute(call, state, { name, reference: rest }, rules);
  }
  if (kind === 'tags' && rest === 'list') return tagsRoute(call, state, name);
  if (kind === 'referrers' && (options.referrers ?? true)) return referrersRoute(call, state, name, rest);
  if (kind === 'blobs' && (rest === 'uploads/' || rest === 'uploads')) return beginRoute(call, state, name);
  if (kind === 'blobs' && rest.startsWith('uploads/'))
    return uploadRoute(call, state, name, rest.slice('uploads/'.length));
  if (kind === 'blobs') return blobRoute(call, state, name, rest);
  throw new Refusal(404, 'UNSUPPORTED', 'there is nothing here');
}

function actionOf(method: string, rest: string): 'pull' | 'push' | 'delete' {
  if (method === 'DELETE') return rest.startsWith('uploads/') ? 'push' : 'delete';
  return method === 'GET' || method === 'HEAD' ? (rest.startsWith('uploads/') ? 'push' : 'pull') : 'push';
}

function refuse(call: Call, error: unknown): void {
  if (call.response.headersSent || call.request.socket.destroyed) {
    call.response.destroy();
    return;
  }
  const known = error instanceof Refusal ? error : new Refusal(500, 'UNKNOWN', 'the registry failed');
  const body = JSON.stringify({ errors: [{ code: known.code, message: known.message }] });
  answer(call, known.status, { 'content-type': 'application/json', ...known.headers }, body);
  if (!call.request.complete) call.response.once('finish', () => call.request.socket.destroySoon());
}
