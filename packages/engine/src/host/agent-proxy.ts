import { closeSync, constants, openSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { Transform } from 'node:stream';

/** Requests of the agent protocol (draft-miller-ssh-agent) that a step may make: list the keys, sign with one. */
const allowed = new Set([11, 13]);
/** SSH_AGENT_FAILURE as a whole message. */
const failure = Buffer.from([0, 0, 0, 1, 5]);
/** OpenSSH's own limit of a message, in bytes. */
const longest = 256 * 1024;

/**
 * Offers an agent at another socket, to be closed with the step: a step reaches it whoever it runs as, and can use keys but neither
 * add, remove nor lock them (as in BuildKit).
 */
export async function serveAgent(path: string, agent: string): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer(client => {
    const upstream = createConnection(agent);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(onlyAllowed(client)).pipe(upstream).pipe(client, { end: false });
  });
  await listenAt(server, path);
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** Passes whole messages on that are allowed; answers the others itself. */
function onlyAllowed(client: Socket): Transform {
  let rest = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 5) {
        const length = rest.readUInt32BE(0);
        if (length === 0 || length > longest) return done(new Error('this is no message of the agent protocol'));
        if (rest.length < 4 + length) break;
        const message = rest.subarray(0, 4 + length);
        rest = rest.subarray(4 + length);
        if (allowed.has(message[4] as number)) this.push(message);
        else client.write(failure);
      }
      done();
    },
  }).on('error', () => client.destroy());
}

/** A socket's path has 107 bytes; the one through its open folder is short wherever the folder is. */
async function listenAt(server: ReturnType<typeof createServer>, path: string): Promise<void> {
  const fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(`/proc/self/fd/${fd}/${basename(path)}`, resolve);
    });
  } finally {
    closeSync(fd);
  }
}
