import {
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeServer, listen, type SeenRequest } from './memory-registry.js';

/** What goes wrong. */
export type FaultKind =
  /** The connection is cut after this part (0 to 1) of the answer's body. */
  | { readonly kind: 'reset'; readonly at: number }
  /** The connection is cut after this part of the request's body has come. */
  | { readonly kind: 'resetUpload'; readonly at: number }
  /** The answer's body ends early, with a Content-Length that agrees. */
  | { readonly kind: 'truncate'; readonly at: number }
  /** One bit in the middle of the answer's body is another. */
  | { readonly kind: 'corrupt' }
  /** This status instead of the target's answer. */
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** One byte of the body every so many ms. */
  | { readonly kind: 'slow'; readonly everyMs: number }
  /** No answer at all; or headers and no body. */
  | { readonly kind: 'stall'; readonly after: 'request' | 'headers' }
  /** The request's body is not read. */
  | { readonly kind: 'deaf' }
  /** An answer of so many bytes. */
  | { readonly kind: 'huge'; readonly bytes: number; readonly contentType: string }
  /** A 307 to this origin, path kept. */
  | { readonly kind: 'redirect'; readonly origin: string }
  /** Something is done (a token expires …) before the request goes on as it is. */
  | { readonly kind: 'before'; readonly run: () => void };

/** A fault and when it strikes. */
export type Fault = FaultKind & {
  readonly method?: string;
  /** Of the path with query. */
  readonly path?: RegExp;
  /** How often; default once. */
  readonly times?: number;
};

/** A reverse proxy that misbehaves. */
export interface FaultProxy {
  readonly host: string;
  readonly port: number;
  readonly seen: SeenRequest[];
  /** How often a fault has struck. */
  readonly struck: () => number;
  readonly close: () => Promise<void>;
}

/**
 * Starts a reverse proxy before a plain HTTP server (`host:port`). For each request the first fault that fits and is not used up
 * strikes; otherwise the request goes through unchanged.
 */
export async function startFaultProxy(
  target: string,
  faults: readonly Fault[],
  tls?: { readonly cert: string; readonly key: string },
): Promise<FaultProxy> {
  const left = faults.map(({ times }) => times ?? 1);
  const seen: SeenRequest[] = [];
  let count = 0;
  const choose = ({ method = '', url = '' }: IncomingMessage): Fault | undefined => {
    const at = faults.findIndex(
      (fault, index) =>
        (left[index] ?? 0) > 0 &&
        (fault.method ?? method) === method &&
        (fault.path === undefined || fault.path.test(url)),
    );
    if (at < 0) return undefined;
    left[at] = (left[at] ?? 0) - 1;
    count++;
    return faults[at];
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    request.on('error', () => {});
    response.on('error', () => {});
    handle(target, request, response, choose(request));
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const port = await listen(server);
  return { host: `127.0.0.1:${port}`, port, seen, struck: () => count, close: () => closeServer(server) };
}

function handle(target: string, request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): void {
  switch (fault?.kind) {
    case 'status':
      request.resume();
      response.writeHead(fault.status, { 'content-length': 0, ...fault.headers });
      response.end();
      return;
    case 'redirect':
      request.resume();
      response.writeHead(307, { location: `${fault.origin}${request.url}`, 'content-length': 0 });
      response.end();
      return;
    case 'huge':
      response.writeHead(200, { 'content-type': fault.contentType, 'content-length': fault.bytes });
      response.end(Buffer.alloc(fault.bytes, ' '));
      return;
    case 'stall':
      if (fault.after === 'request') request.resume();
      else forward(target, request, response, fault);
      return;
    case 'deaf':
      request.pause();
      return;
    case 'before':
      fault.run();
      forward(target, request, response, undefined);
      return;
    default:
      forward(target, request, response, fault);
  }
}

function forward(target: string, request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): void {
  const [hostname = '', port = ''] = target.split(':');
  const onward = httpRequest(
    { hostname, port, method: request.method, path: request.url, headers: request.headers, agent: false },
    answer => giveBack(answer, response, fault),
  );
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  if (fault?.kind === 'resetUpload') cutUpload(request, onward, fault.at);
  else request.pipe(onward);
}

function cutUpload(request: IncomingMessage, onward: ClientRequest, at: number): void {
  const limit = Number(request.headers['content-length'] ?? 0) * at;
  let taken = 0;
  request.on('data', (chunk: Buffer) => {
    taken += chunk.byteLength;
    if (taken < limit) {
      onward.write(chunk);
      return;
    }
    request.socket.resetAndDestroy();
    onward.destroy();
  });
}

async function giveBack(answer: IncomingMessage, response: ServerResponse, fault: Fault | undefined): Promise<void> {
  const length = Number(answer.headers['content-length'] ?? 0);
  const cut = fault?.kind === 'truncate' ? Math.floor(length * fault.at) : length;
  const headers = fault?.kind === 'truncate' ? { ...answer.headers, 'content-length': String(cut) } : answer.headers;
  response.writeHead(answer.statusCode ?? 500, headers);
  response.flushHeaders();
  if (fault?.kind === 'stall') return;
  let sent = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const part = fault === undefined ? chunk : spoil(chunk, { sent, length, cut, fault });
      if (fault?.kind === 'slow') await drip(response, part, fault.everyMs);
      else if (!response.write(part)) await drained(response);
      sent += chunk.byteLength;
      if (response.destroyed) return;
      if (fault?.kind === 'reset' && sent >= length * fault.at) {
        await sleep(20);
        response.socket?.resetAndDestroy();
        return;
      }
    }
    response.end();
  } catch {
    response.destroy();
  }
}

function spoil(
  chunk: Buffer,
  {
    sent,
    length,
    cut,
    fault,
  }: { readonly sent: number; readonly length: number; readonly cut: number; readonly fault: Fault },
): Buffer {
  if (fault.kind === 'truncate') return chunk.subarray(0, Math.max(0, cut - sent));
  if (fault.kind === 'reset') return chunk.subarray(0, Math.max(0, Math.ceil(length * fault.at) - sent));
  const middle = Math.floor(length / 2) - sent;
  if (fault.kind !== 'corrupt' || middle < 0 || middle >= chunk.byteLength) return chunk;
  const copy = Buffer.from(chunk);
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}

async function drip(response: ServerResponse, bytes: Buffer, everyMs: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength && !response.destroyed; at++) {
    response.write(bytes.subarray(at, at + 1));
    await sleep(everyMs);
  }
}

/** Until the response takes more, or is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
