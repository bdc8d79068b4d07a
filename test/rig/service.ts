import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workbench } from './workbench.js';

/** A background program: how it is started and how to tell that it is ready. */
export interface ServiceSpec {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Tried every 50 ms until true. */
  readonly ready: (started: Pick<Service, 'pid' | 'log'>) => Promise<boolean>;
}

/** A running service. `stop` asks it to end, waits, and kills it when it does not. */
export interface Service {
  readonly pid: number;
  readonly log: () => string;
  stop(): Promise<void>;
}

/** A machine that has much else to do takes its time. */
const startLimit = 120_000;
const stopLimit = 20_000;

/**
 * Starts a program whose output goes to `<name>.log` of the workbench, and waits until it is ready. The kernel ends
 * it when this process dies, however that happens (setpriv's parent-death signal).
 */
export async function startService(bench: Workbench, spec: ServiceSpec): Promise<Service> {
  const logFile = bench.path(`${spec.name}.log`);
  const output = openSync(logFile, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', spec.program, ...spec.args], {
    stdio: ['ignore', output, output],
    env: spec.env ?? process.env,
    cwd: bench.folder,
  });
  closeSync(output);
  const log = (): string => readFileSync(logFile, 'utf8');
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const isDown = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const stop = async (): Promise<void> => {
    if (isDown()) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopLimit);
    await ended;
    clearTimeout(timer);
  };
  bench.onClose(stop);
  const deadline = performance.now() + startLimit;
  const ready = async (): Promise<boolean> => child.pid !== undefined && spec.ready({ pid: child.pid, log });
  while (!(await ready().catch(() => false))) {
    if (isDown()) throw new Error(`${spec.name} ended while starting:\n${log()}`);
    if (performance.now() > deadline) {
      await stop();
      throw new Error(`${spec.name} was not ready after ${startLimit} ms:\n${log()}`);
    }
    await sleep(50);
  }
  return { pid: child.pid as number, log, stop };
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
