import { Worker, type WorkerOptions } from 'node:worker_threads';
import { workerChannel } from './channel.js';
import { type Caller, createCaller, type MethodTable } from './rpc.js';

/** A thread of a program beside this one, started when it is first needed. */
export class ProgramThread<Methods extends MethodTable> {
  /** Undefined while the thread is not started. */
  caller: Caller<Methods> | undefined;
  readonly #program: string;
  readonly #what: string;
  readonly #options: WorkerOptions;
  #worker: Worker | undefined;

  /** `what` it does, for messages: "inflates layers". */
  constructor(program: string, what: string, options: WorkerOptions) {
    this.#program = program;
    this.#what = what;
    this.#options = options;
  }

  start(): Caller<Methods> {
    if (this.caller) return this.caller;
    this.#worker = new Worker(new URL(`./${this.#program}.js`, import.meta.url), this.#options);
    let reason = `the thread that ${this.#what} ended`;
    this.#worker.on('error', error => {
      reason = `the thread that ${this.#what} failed: ${error.message}`;
    });
    this.caller = createCaller<Methods>(workerChannel(this.#worker), () => reason);
    return this.caller;
  }

  /** Ends the thread; the next start makes another one. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = this.caller = undefined;
    await worker?.terminate();
  }
}
