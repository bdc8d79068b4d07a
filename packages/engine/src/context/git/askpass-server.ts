import { closeSync, constants, openSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerGit, type GitCredentials } from './credentials.js';

/** Answers git's questions while it is open. */
export interface AskpassServer extends AsyncDisposable {
  /** For git's environment: where its helper is. Nothing in it is secret. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Gives git credentials by a helper program that asks this process through a socket in a folder of our own (0700): the secret is in
 * no file, no argument and no environment.
 */
export async function serveAskpass(scratchDir: string, credentials: GitCredentials): Promise<AskpassServer> {
  const dir = join(scratchDir, 'askpass');
  await mkdir(dir, { mode: 0o700 });
  const helper = join(dir, 'askpass');
  const client = fileURLToPath(new URL('./askpass-client.js', import.meta.url));
  await writeFile(helper, `#!/bin/sh\ncd ${quote(dir)} && exec ${quote(process.execPath)} ${quote(client)} "$1"\n`);
  await chmod(helper, 0o700);
  const server = createServer({ allowHalfOpen: true }, socket => {
    let question = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      question += text;
    });
    socket.on('end', () => socket.end(answerGit(question, credentials) ?? ''));
    socket.on('error', () => socket.destroy());
  });
  // A socket's path has 107 bytes; the one through the open folder is short wherever the folder is.
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(`/proc/self/fd/${fd}/socket`, resolve);
    });
  } finally {
    closeSync(fd);
  }
  return {
    env: { GIT_ASKPASS: helper },
    [Symbol.asyncDispose]: () => new Promise(resolve => server.close(() => resolve())),
  };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
