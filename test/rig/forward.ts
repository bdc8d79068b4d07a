import { connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startService } from './service.js';
import type { Workbench } from './workbench.js';

/** Makes two connections one, both ways; the end of either is the end of both. */
export function joinStreams(left: Socket, right: Socket): void {
  left.pipe(right).pipe(left);
  left.on('error', () => right.destroy());
  right.on('error', () => left.destroy());
}

/**
 * Makes loopback ports of this process answer under the same numbers in the network namespace of process `pid`. A unix socket
 * of the workbench is the way through, as those know of no network namespaces.
 */
export async function forwardPorts(bench: Workbench, pid: number, ports: readonly number[]): Promise<void> {
  const pairs = ports.map(port => ({ port, socket: bench.path(`port-${port}.sock`) }));
  await Promise.all(pairs.map(pair => listen(bench, pair)));
  const inside = fileURLToPath(new URL('forward-inside.js', import.meta.url));
  const words = pairs.flatMap(({ port, socket }) => [String(port), socket]);
  await startService(bench, {
    name: `forward-${pid}`,
    program: 'nsenter',
    args: ['--target', String(pid), '--net', '--', process.execPath, inside, ...words],
    ready: ({ log }) => Promise.resolve(log().split('listening').length > ports.length),
  });
}

function listen(
  bench: Workbench,
  { port, socket }: { readonly port: number; readonly socket: string },
): Promise<Server> {
  const open = new Set<Socket>();
  const server = createServer(client => {
    const there = connect(port, '127.0.0.1');
    for (const one of [client, there]) {
      open.add(one);
      one.once('close', () => open.delete(one));
    }
    joinStreams(client, there);
  });
  bench.onClose(
    () =>
      new Promise<void>(resolve => {
        for (const one of open) one.destroy();
        server.close(() => resolve());
      }),
  );
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, () => resolve(server));
  });
}
