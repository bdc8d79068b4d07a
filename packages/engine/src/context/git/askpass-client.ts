/** The program that git runs for a user name or a password: passes the question on to the socket beside it and prints the answer. */
import { createConnection } from 'node:net';

const socket = createConnection('socket');
socket.on('error', () => process.exit(1));
socket.end(process.argv[2] ?? '');
socket.pipe(process.stdout);
