import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/varve.js', import.meta.url));
const hook = new URL('./fake-engine-hook.js', import.meta.url).href;

/** The words that run varve with the fake engine. */
export const varveWords: readonly string[] = [process.execPath, '--import', hook, bin];

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What comes by standard input; nothing is there without it. */
  readonly input?: string;
  /** Called with each piece of standard error, for tests that act in the middle. */
  readonly onStderr?: (text: string, child: ChildProcess) => void;
}

/** Runs varve with the fake engine, no configuration of the machine's user, no colours. */
export async function varve(args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  const [node = '', ...words] = varveWords;
  const child = spawn(node, [...words, ...args], {
    cwd: options.cwd ?? '/',
    env: {
      PATH: process.env.PATH,
      HOME: '/var/empty',
      VARVE_STORE: '/var/empty/varve',
      LANG: 'C.UTF-8',
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    options.onStderr?.(text, child);
  });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
