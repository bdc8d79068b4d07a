import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { VarveError } from '../model/error.js';
import type { StepOutput } from '../plugin/executor.js';
import { clock } from '../sys/clock.js';
import { descendants } from '../sys/process-tree.js';
import { openWaitingPipes, type WaitingPipes } from './step-output.js';

/** How often a step that is being killed is looked after, and how long its parent may take to clean up, in milliseconds. */
const killInterval = 20;
const killGrace = 5_000;

/** A program that starts a step as its child and ends with it: a container runtime, or unshare. */
export interface StepProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** The program's own environment. Empty where it is absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** File descriptor that the step reads from. */
  readonly stdin: number;
  /**
   * Whether the program is sent something on descriptor 3, where it may answer. The step's standard error is descriptor 4 then, so that what the
   * program itself complains about can be told from it.
   */
  readonly converses?: boolean;
}

/** The step that it starts. */
export interface ChildStep {
  readonly uid: number;
  readonly output: StepOutput;
  /** What the program is sent, if it converses. */
  readonly message?: string;
}

export interface StepChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the program answered on descriptor 3, and what it complained about; empty where no message was sent. */
  readonly answer: string;
  readonly complaint: string;
}

/** A program that was started; it may be told later which step it is for. */
export class StepChild {
  readonly #program: StepProgram;
  readonly #child: ChildProcess;
  readonly #pipes: WaitingPipes;
  readonly #exited: Promise<readonly [number | null, NodeJS.Signals | null]>;

  /** Starts it. That it could not be started shows when it is run. */
  constructor(program: StepProgram) {
    this.#program = program;
    this.#pipes = openWaitingPipes();
    const { stdin } = program;
    const { stdout, stderr } = this.#pipes;
    this.#child = spawn(program.program, [...program.args], {
      cwd: '/',
      env: { ...program.env },
      stdio: program.converses ? [stdin, stdout, 'pipe', 'pipe', stderr] : [stdin, stdout, stderr],
    });
    this.#pipes.closeWriteEnds();
    this.#exited = once(this.#child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.#exited.catch(() => undefined);
  }

  /** Whether it has ended, or was never there. */
  get hasEnded(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid === undefined || exitCode !== null || signalCode !== null;
  }

  /**
   * Waits for its end, and until all that the step printed was handed on. An abort kills all that descends from the program, lets it clean up, and
   * rejects with the signal's reason. Errors: `E_EXECUTOR`.
   */
  async run({ uid, output, message = '' }: ChildStep, signal: AbortSignal): Promise<StepChildExit> {
    const stopKilling = killOnAbort(this.#child, signal);
    const { stdio, stderr } = this.#child;
    try {
      const [[code, ended], answer, complaint] = await Promise.all([
        this.#exited,
        this.#program.converses ? converse(stdio[3] as Duplex, message) : '',
        stderr === null ? '' : text(stderr),
        this.#pipes.handOn(output, uid),
      ]);
      signal.throwIfAborted();
      return { code, signal: ended, answer, complaint };
    } catch (error) {
      signal.throwIfAborted();
      throw new VarveError('E_EXECUTOR', `${this.#program.program} could not be run`, { cause: error });
    } finally {
      stopKilling();
    }
  }

  /** Ends it, in place of `run`. */
  async drop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited.catch(() => undefined);
    this.#pipes.close();
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
    const began = clock();
    const kill = () => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      for (const pid of descendants(child.pid)) killQuietly(pid);
      if (clock() - began > killGrace) child.kill('SIGKILL');
    };
    kill();
    timer = setInterval(kill, killInterval);
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
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
