// Run inside a network namespace: `forward-inside.js PORT SOCKET …` offers each port on 127.0.0.1 there, and connects it to a socket.
import { connect, createServer } from 'node:net';
import { joinStreams } from './forward.js';

const args = process.argv.slice(2);
for (let index = 0; index < args.length; index += 2) {
  const socket = args[index + 1] as string;
  const server = createServer(client => joinStreams(client, connect(socket)));
  server.listen(Number(args[index]), '127.0.0.1', () => console.log('listening'));
}
