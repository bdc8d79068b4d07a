import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { VarveError } from '../model/error.js';
import type { StepOutput } from '../plugin/executor.js';
import { descendants } from '../sys/process-tree.js';
import { openStepPipes } from './step-output.js';

/** How often a step that is being killed is looked after, and how long its parent may take to clean up, in milliseconds. */
const killInterval = 20;
const killGrace = 5_000;

/** A program that starts a step as its child and ends with it: a container runtime, or unshare. */
export interface StepChild {
  readonly program: string;
  readonly args: readonly string[];
  /** The program's own environment. Empty where it is absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** File descriptor that the step reads from. */
  readonly stdin: number;
  readonly uid: number;
  readonly output: StepOutput;
  /**
   * Sent on descriptor 3, where the program may answer. The step's standard error is descriptor 4 then, so that what the program
   * itself complains about can be told from it.
   */
  readonly message?: string;
}

export interface StepChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the program answered on descriptor 3, and what it complained about; empty where no message was sent. */
  readonly answer: string;
  readonly complaint: string;
}

/**
 * Runs the program to its end, and until all that the step printed was handed on. An abort kills all
 * that descends from the program, lets it clean up, and rejects with the signal's reason. Errors: `E_EXECUTOR`.
 */
export async function runStepChild(request: StepChild, signal: AbortSignal): Promise<StepChildExit> {
  signal.throwIfAborted();
  const pipes = openStepPipes(request.output, request.uid);
  const hasMessage = request.message !== undefined;
  const child = spawn(request.program, [...request.args], {
    cwd: '/',
    env: { ...request.env },
    stdio: hasMessage
      ? [request.stdin, pipes.stdout, 'pipe', 'pipe', pipes.stderr]
      : [request.stdin, pipes.stdout, pipes.stderr],
  });
  pipes.closeWriteEnds();
  const stopKilling = killOnAbort(child, signal);
  try {
    const [[code, ended], answer, complaint] = await Promise.all([
      once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
      hasMessage ? converse(child.stdio[3] as Duplex, request.message) : '',
      child.stderr === null ? '' : text(child.stderr),
      pipes.drained,
    ]);
    signal.throwIfAborted();
    return { code, signal: ended, answer, complaint };
  } catch (error) {
    signal.throwIfAborted();
    throw new VarveError('E_EXECUTOR', `${request.program} could not be run`, { cause: error });
  } finally {
    stopKilling();
  }
}

/** Sends and closes; a peer that went away without reading is no error, its exit tells more. */
async function converse(channel: Duplex, message: string): Promise<string> {
  channel.on('error', () => {});
  channel.end(message);
  return text(channel).catch(() => '');
}

function killOnAbort(child: ChildProcess, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const start = () => {
    const began = performance.now();
    const kill = () => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      for (const pid of descendants(child.pid)) killQuietly(pid);
      if (performance.now() - began > killGrace) child.kill('SIGKILL');
    };
    kill();
    timer = setInterval(kill, killInterval);
  };
  signal.addEventListener('abort', start, { once: true });
  return () => {
    signal.removeEventListener('abort', start);
    clearInterval(timer);
  };
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
