import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { VarveError } from '../model/error.js';
import type { StepExit, StepMount, StepProcess } from '../model/process.js';
import type { StepOutput } from '../plugin/executor.js';
import { bindMountAll, mountFlags } from '../sys/mount.js';
import { isInUserNamespace } from '../sys/own-privileges.js';
import { runBundle, runtimeProgram } from './bundle.js';
import { refuseCwdInProc } from './cwd.js';
import { mountDev } from './dev-folder.js';
import { MountScratch } from './mount-scratch.js';
import type { OciFolders } from './oci-config.js';
import type { OciRuntime } from './oci-runtime.js';
import { mountRoot } from './root-mount.js';
import { mountTmpfs } from './tmpfs.js';
import { WaitingRuntime } from './waiting-runtime.js';

/** What a container needs whichever step it is for: a /dev, a bundle, and a runtime that waits there for its config, where it is one that can. */
export class ContainerAhead {
  readonly #runtime: OciRuntime;
  readonly #scratch: MountScratch;
  readonly #dev: string;
  readonly #bundle: string;
  readonly #stdin: number;
  #waiting: WaitingRuntime | undefined;

  /**
   * @param parent an existing folder in which it gets one of its own
   * Errors: `E_EXECUTOR`.
   */
  static make(runtime: OciRuntime, parent: string): ContainerAhead {
    const scratch = new MountScratch(parent);
    try {
      return new ContainerAhead(runtime, scratch);
    } catch (error) {
      scratch.remove();
      throw notMounted(error);
    }
  }

  private constructor(runtime: OciRuntime, scratch: MountScratch) {
    this.#runtime = runtime;
    this.#scratch = scratch;
    const nodes = scratch.mountpoint('nodes');
    this.#dev = scratch.mountpoint('dev');
    mountDev(this.#dev, nodes);
    this.#bundle = secretFolder(scratch);
    this.#stdin = openSync(join(this.#dev, 'null'), 'r');
    if (!canWait(runtime)) return;
    try {
      this.#waiting = new WaitingRuntime(runtimeProgram(runtime, this.#bundle, this.#stdin), this.#bundle);
    } catch (error) {
      closeSync(this.#stdin);
      throw error;
    }
  }

  /** Runs the step in it. Called once. Errors: `E_EXECUTOR`; an abort kills the step, and rejects with the signal's reason. */
  async run(process: StepProcess, output: StepOutput, signal: AbortSignal): Promise<StepExit> {
    const { folders, mounts } = this.#mount(process);
    refuseCwdInProc(folders.root, process.cwd);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    const run = { runtime: this.#runtime, bundle: this.#bundle, process: { ...process, mounts }, folders, output };
    return runBundle({ ...run, stdin: this.#stdin, ...(waiting && { waiting }) }, signal);
  }

  /** Takes it away, once the step in it has ended. */
  async remove(): Promise<void> {
    await this.#waiting?.drop();
    closeSync(this.#stdin);
    this.#scratch.remove();
  }

  /** Mounts what is the step's own. */
  #mount(process: StepProcess): { readonly folders: OciFolders; readonly mounts: readonly StepMount[] } {
    const { name } = this.#runtime;
    try {
      const root = this.#scratch.mountpoint('root');
      mountRoot(process.root, root, process.security === 'insecure');
      const mounts = process.mounts.map((mount, index): StepMount => {
        if (mount.kind === 'bind') return mount;
        // runc would give it the mode of the folder below.
        const source = this.#scratch.mountpoint(`tmpfs-${index}`);
        mountTmpfs(source, mount);
        return { kind: 'bind', source, target: mount.target, readOnly: false };
      });
      // A /sys of one's own needs a network of one's own.
      const hasMachineSys = process.network === 'host' && isInUserNamespace();
      const sys = hasMachineSys ? machineSys(this.#scratch, process.security) : undefined;
      return { folders: { root, dev: this.#dev, remountRoot: name === 'crun', ...(sys && { sys }) }, mounts };
    } catch (error) {
      throw notMounted(error);
    }
  }
}

/** Not where it would not see what is mounted while it waits, in a mount namespace of its own. */
function canWait({ name, bare }: OciRuntime): boolean {
  return name === 'crun' && bare === undefined;
}

function notMounted(cause: unknown): VarveError {
  return new VarveError('E_EXECUTOR', `the step's files could not be mounted: ${String(cause)}`, { cause });
}

/** Nothing in it can be written to, however deep: crun would make only the top of it so. */
function machineSys(scratch: MountScratch, security: StepProcess['security']): string {
  const sys = scratch.mountpoint('sys');
  const { noSuid, noDev, noExec, readOnly } = mountFlags;
  bindMountAll('/sys', sys, noSuid | noDev | noExec | (security === 'sandbox' ? readOnly : 0));
  return sys;
}

/** In memory, since secrets may stand in the environment of a step that asked for them. */
function secretFolder(scratch: MountScratch): string {
  const folder = scratch.mountpoint('bundle');
  mountTmpfs(folder, { kind: 'tmpfs', target: '', mode: 0o700 });
  return folder;
}
