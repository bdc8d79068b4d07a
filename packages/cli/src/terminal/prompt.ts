import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliError } from '../errors/cli-error.js';

export interface Question {
  /** Shown on standard error. */
  readonly text: string;
  /** What is typed does not appear. */
  readonly hidden: boolean;
}

/**
 * Asks on the terminal and gives what was typed, without the line end. Ctrl-C ends the process as it does anywhere. Errors: `E_USAGE` where
 * the terminal is closed instead (Ctrl-D).
 */
export async function askOnTerminal({ text, hidden }: Question): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: hidden ? nowhere : process.stderr, terminal: true });
  if (hidden) process.stderr.write(text);
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('SIGINT', () => {
        lines.close();
        process.stderr.write('\n');
        process.kill(process.pid, 'SIGINT');
      });
      lines.once('close', () => reject(new CliError('E_USAGE', 'there was no answer')));
      lines.question(hidden ? '' : text, resolve);
    });
  } finally {
    lines.close();
    if (hidden) process.stderr.write('\n');
  }
}

/** All of standard input as text, without one line end at its end. */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
