import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** How long a command may take to end once it is asked to, in milliseconds. */
const patience = 5000;

/** A command that runs after a build. */
export interface AfterBuild {
  /** How it ended, as a shell says it: its exit code, or 128 and the number of the signal. */
  readonly ended: Promise<number>;
  /** Ends it and whatever it started, and waits for that. */
  stop(): Promise<void>;
}

/** Runs a command line with the shell, in a group of its own. It finds the digest of the image in VARVE_DIGEST. */
export function runAfterBuild(command: string, digest: string): AfterBuild {
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, VARVE_DIGEST: digest },
    detached: true,
  });
  const ended = new Promise<number>(resolve => {
    child.once('error', () => resolve(127));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // All of it has ended.
    }
  };
  return {
    ended,
    async stop() {
      signalGroup('SIGTERM');
      const timer = setTimeout(() => signalGroup('SIGKILL'), patience);
      await ended;
      clearTimeout(timer);
    },
  };
}
