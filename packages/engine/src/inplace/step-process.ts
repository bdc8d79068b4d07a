import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openWaitingPipes, type WaitingPipes } from '../executor/step-output.js';
import { VarveError } from '../model/error.js';
import type { StepExit, StepProcess } from '../model/process.js';
import type { StepOutput } from '../plugin/executor.js';
import { reap } from '../sys/own-process.js';
import { descendants } from '../sys/process-tree.js';

const launcher = fileURLToPath(new URL('./launcher-in-place.js', import.meta.url));
/** What the launcher says when all of its own code is in memory. */
const ready = '.';

/**
 * A process that waits to become a step. It is started while the root is still the builder's own, since nothing of that is there any more
 * when the step is to begin.
 */
export class WaitingStep {
  readonly #child: ChildProcess;
  readonly #pipes: WaitingPipes;
  #drained: Promise<unknown> | undefined;
  readonly #exited: Promise<readonly [number | null, NodeJS.Signals | null]>;
  readonly #complaint: Promise<string>;

  private constructor(child: ChildProcess, pipes: WaitingPipes) {
    this.#child = child;
    this.#pipes = pipes;
    this.#exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.#exited.catch(() => undefined);
    this.#complaint = child.stderr ? text(child.stderr) : Promise.resolve('');
  }

  /** Errors: `E_EXECUTOR`. */
  static async start(): Promise<WaitingStep> {
    const pipes = openWaitingPipes();
    const stdin = openSync('/dev/null', 'r');
    const child = spawn(process.execPath, [launcher], {
      cwd: '/',
      env: {},
      stdio: [stdin, pipes.stdout, 'pipe', 'pipe', pipes.stderr],
    });
    closeSync(stdin);
    pipes.closeWriteEnds();
    const step = new WaitingStep(child, pipes);
    try {
      await step.#ready();
      return step;
    } catch (error) {
      await step.kill();
      throw error;
    }
  }

  get #channel(): Duplex {
    return this.#child.stdio[3] as Duplex;
  }

  async #ready(): Promise<void> {
    const said = await Promise.race([
      once(this.#channel, 'readable').then(() => String(this.#channel.read(1) ?? '')),
      this.#exited.then(() => ''),
    ]);
    if (said !== ready)
      throw new VarveError('E_EXECUTOR', `the step could not be started: ${(await this.#complaint).trim()}`);
  }

  /** Becomes the step, and gives how that ended once nothing of it is left. An abort kills it, and rejects. Errors: `E_EXECUTOR`. */
  async run(process: StepProcess, output: StepOutput, signal: AbortSignal): Promise<StepExit> {
    this.#drained = this.#pipes.handOn(output, process.user.uid);
    const kill = (): void => void this.#child.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
    try {
      this.#channel.on('error', () => undefined);
      this.#channel.end(JSON.stringify(process));
      const [answer, [code, ended]] = await Promise.all([text(this.#channel).catch(() => ''), this.#exited]);
      await endLeftovers();
      await this.#drained;
      signal.throwIfAborted();
      if (answer !== '') throw new VarveError('E_EXECUTOR', `the step could not be started: ${answer}`);
      return code === null ? { kind: 'signalled', signal: ended ?? 'SIGKILL' } : { kind: 'exited', code };
    } finally {
      signal.removeEventListener('abort', kill);
    }
  }

  /** Ends it, whatever it has become. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited.catch(() => undefined);
    await endLeftovers();
    if (this.#drained === undefined) this.#pipes.close();
    this.#drained ??= Promise.resolve();
    await this.#drained.catch(() => undefined);
  }
}

/** Kills what a step left running: its processes became children of this one, which has no others. */
async function endLeftovers(): Promise<void> {
  for (let left = descendants(process.pid); left.length > 0; left = descendants(process.pid)) {
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended meanwhile.
      }
      reap(pid);
    }
    await delay(1);
  }
}
