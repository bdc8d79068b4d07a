import { spawn } from 'node:child_process';

/** How a program ended, with all it wrote. */
export interface Outcome {
  /** Exit code; 128 + signal number is not used: a signal is told in `signal`. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** What a program is given. `timeout` is in milliseconds; after it the program's whole process group is killed. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
  readonly timeout?: number;
  /** Called with the process group's id once it runs, for tests that send signals. */
  readonly started?: (pid: number) => void;
  /** Called with each piece of standard error as it comes. */
  readonly onStderr?: (text: string) => void;
}

const defaultTimeout = 180_000;

/** Runs a program to its end and tells how it ended, whatever its exit code. Rejects when it cannot start or takes too long. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const limit = options.timeout ?? defaultTimeout;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
    }, limit);
    child.stdout?.on('data', (piece: Buffer) => out.push(piece));
    child.stderr?.on('data', (piece: Buffer) => {
      err.push(piece);
      options.onStderr?.(piece.toString());
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
    // A group of its own gets no Ctrl-C from the terminal: it ends with this process at the latest.
    const endWithUs = (): void => {
      if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
    };
    process.once('exit', endWithUs);
    child.on('error', cause => {
      clearTimeout(timer);
      process.removeListener('exit', endWithUs);
      reject(cause);
    });
    child.on('spawn', () => options.started?.(child.pid as number));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      process.removeListener('exit', endWithUs);
      const stdout = Buffer.concat(out).toString();
      const stderr = Buffer.concat(err).toString();
      if (late) reject(new Error(`${program} ${args.join(' ')} took longer than ${limit} ms\n${stdout}\n${stderr}`));
      else resolve({ code, signal, stdout, stderr, milliseconds: performance.now() - from });
    });
  });
}

/** Runs a program that has to succeed; gives its standard output, or fails with all it wrote. */
export async function must(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await run(program, args, options);
  if (outcome.code !== 0) {
    const how = outcome.signal ?? `exit code ${outcome.code}`;
    throw new Error(`${program} ${args.join(' ')}: ${how}\n${outcome.stdout}\n${outcome.stderr}`);
  }
  return outcome.stdout;
}

/** Sends a signal to a process group; a group that is gone already is fine. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
