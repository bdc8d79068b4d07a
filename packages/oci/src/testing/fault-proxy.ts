import {
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault-kinds.js';
import { closeServer, listen, type SeenRequest } from './memory-registry.js';

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
      Promise.resolve(fault.run()).then(
        () => forward(target, request, response, undefined),
        () => response.destroy(),
      );
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
  else if (fault?.kind === 'corruptUpload') request.pipe(flippingMiddle(request)).pipe(onward);
  else request.pipe(onward);
}

/** Passes a request's body on with one bit in its middle turned. */
function flippingMiddle(request: IncomingMessage): Transform {
  const middle = Math.floor(Number(request.headers['content-length'] ?? 0) / 2);
  let taken = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const at = middle - taken;
      taken += chunk.byteLength;
      done(null, at >= 0 && at < chunk.byteLength ? flipped(chunk, at) : chunk);
    },
  });
}

function flipped(chunk: Buffer, at: number): Buffer {
  const copy = Buffer.from(chunk);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
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
  if (fault?.kind === 'lostAnswer') {
    answer.resume().on('end', () => response.socket?.resetAndDestroy());
    return;
  }
  const length = Number(answer.headers['content-length'] ?? 0);
  const cut = fault?.kind === 'truncate' ? Math.floor(length * fault.at) : length;
  const headers = { ...answer.headers, ...headersOf(answer, fault, cut) };
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

/** The headers that a fault changes. */
function headersOf({ headers }: IncomingMessage, fault: Fault | undefined, cut: number): Record<string, string> {
  if (fault?.kind === 'truncate') return { 'content-length': String(cut) };
  if (fault?.kind !== 'relocate' || headers.location === undefined) return {};
  const { pathname, search } = new URL(headers.location, fault.origin);
  return { location: `${fault.origin}${pathname}${search}` };
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
  return fault.kind === 'corrupt' && middle >= 0 && middle < chunk.byteLength ? flipped(chunk, middle) : chunk;
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
