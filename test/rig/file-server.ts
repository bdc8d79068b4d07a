import { createServer, type IncomingMessage } from 'node:http';
import type { Workbench } from './workbench.js';

/** A file that the server offers. */
export interface ServedFile {
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
}

/** A plain HTTP server on a loopback port. */
export interface FileServer {
  readonly url: string;
  /** Paths asked for so far, with the method: `GET /x`. */
  readonly requests: readonly string[];
  /** Offers a file, or replaces what is offered, at a path such as `/x.txt`. */
  offer(path: string, file: ServedFile): void;
}

/** Starts the server; it ends with the workbench. */
export function startFileServer(bench: Workbench): Promise<FileServer> {
  const files = new Map<string, ServedFile>();
  const requests: string[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    requests.push(`${request.method} ${request.url}`);
    const file = files.get(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (file === undefined) {
      response.writeHead(404).end('not found\n');
      return;
    }
    response.writeHead(file.status ?? 200, { 'content-length': String(file.body.length), ...file.headers });
    response.end(request.method === 'HEAD' ? undefined : file.body);
  });
  bench.onClose(
    () =>
      new Promise<void>(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address !== 'object') return reject(new Error('no port'));
      const url = `http://127.0.0.1:${address.port}`;
      resolve({ url, requests, offer: (path, file) => void files.set(path, file) });
    });
  });
}
