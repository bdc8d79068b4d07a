import { closeSync, constants, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../model/error.js';
import { makeFifo } from '../sys/nodes.js';
import { StepChild, type StepProgram } from './step-child.js';

/** Where a runtime reads what it is to run, relative to its bundle (runtime-spec, bundle.md). */
export const runtimeConfig = 'config.json';

/**
 * crun, started before it is known which step it is for: to be started and linked takes it as long as to make most containers. Its config is a pipe
 * that it waits at until the step is known; it reads that to the end, and later on a file of the same name, to keep a copy. What it mounts it has to
 * see as this process does.
 */
export class WaitingRuntime {
  readonly #config: string;
  readonly #gate: number;
  readonly #child: StepChild;
  #isOpen = true;

  /** Starts it in a bundle that has no config yet. Errors: those of the file system. */
  constructor(program: StepProgram, bundle: string) {
    this.#config = join(bundle, runtimeConfig);
    makeFifo(this.#config, 0o600);
    // To read from it, too: so it can be opened, and written to, before the runtime is there.
    this.#gate = openSync(this.#config, constants.O_RDWR | constants.O_NONBLOCK);
    this.#child = new StepChild(program);
  }

  /**
   * Gives it its config, with which it goes on. Undefined where it cannot have it so, since it has ended or the pipe is too small: then it was dropped,
   * and there is no config in the bundle. Errors: those of the file system.
   */
  async become(config: string): Promise<StepChild | undefined> {
    if (this.#child.hasEnded || !this.#write(Buffer.from(config))) {
      await this.drop();
      return undefined;
    }
    writeFileSync(`${this.#config}.new`, config, { mode: 0o600 });
    renameSync(`${this.#config}.new`, this.#config);
    this.#close();
    return this.#child;
  }

  /** Ends it where it waits. */
  async drop(): Promise<void> {
    // Killed before it could take the end of the pipe for that of its config.
    await this.#child.drop();
    this.#close();
    rmSync(this.#config, { force: true });
  }

  /** Whether all of it went into the pipe. */
  #write(bytes: Buffer): boolean {
    try {
      return writeSync(this.#gate, bytes) === bytes.length;
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return false;
      throw error;
    }
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#gate);
    this.#isOpen = false;
  }
}
