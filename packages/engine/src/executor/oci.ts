import { randomUUID } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VarveError } from '../model/error.js';
import type { StepExit, StepMount, StepProcess } from '../model/process.js';
import type { Executor, StepOutput } from '../plugin/executor.js';
import { once } from '../sys/libc.js';
import { bindMountAll, mountFlags } from '../sys/mount.js';
import { isInUserNamespace } from '../sys/own-privileges.js';
import { refuseCwdInProc } from './cwd.js';
import { mountDev } from './dev-folder.js';
import { MountScratch } from './mount-scratch.js';
import { type OciFolders, ociConfig, prepareFilter } from './oci-config.js';
import { exitOfComplaint, inOwnNamespaces, lastComplaint, type OciRuntime, runtimeLog } from './oci-runtime.js';
import { mountRoot } from './root-mount.js';
import { runStepChild } from './step-child.js';
import { mountTmpfs } from './tmpfs.js';

/**
 * Runs steps as containers of an OCI runtime. Mounts the root, /dev and tmpfs in the mount namespace of this process, which should be
 * its own, so that they die with it.
 *
 * @param scratchParent an existing folder in which each step gets one of its own while it runs
 */
export function ociExecutor(found: OciRuntime, scratchParent: string): Executor {
  const placed = once(() => inOwnNamespaces(found));
  // A few milliseconds that pass while the root gets ready.
  setImmediate(prepareFilter);
  return {
    async run(process, output, signal) {
      signal.throwIfAborted();
      const scratch = new MountScratch(scratchParent);
      const runtime = placed();
      try {
        const { folders, mounts } = mountAll(process, runtime, scratch);
        refuseCwdInProc(folders.root, process.cwd);
        const stdin = openSync(join(folders.dev, 'null'), 'r');
        try {
          const bundle = secretFolder(scratch);
          const run = { runtime, bundle, process: { ...process, mounts }, folders, stdin, output };
          return await runBundle(run, signal);
        } finally {
          closeSync(stdin);
        }
      } finally {
        scratch.remove();
      }
    },
  };
}

function mountAll(
  process: StepProcess,
  runtime: OciRuntime,
  scratch: MountScratch,
): { readonly folders: OciFolders & { readonly dev: string }; readonly mounts: readonly StepMount[] } {
  try {
    const root = scratch.mountpoint('root');
    mountRoot(process.root, root, process.security === 'insecure');
    const nodes = scratch.mountpoint('nodes');
    const dev = scratch.mountpoint('dev');
    mountDev(dev, nodes);
    const mounts = process.mounts.map((mount, index): StepMount => {
      if (mount.kind === 'bind') return mount;
      // runc would give it the mode of the folder below.
      const source = scratch.mountpoint(`tmpfs-${index}`);
      mountTmpfs(source, mount);
      return { kind: 'bind', source, target: mount.target, readOnly: false };
    });
    // A /sys of one's own needs a network of one's own.
    const sys = process.network === 'host' && isInUserNamespace() ? machineSys(scratch, process.security) : undefined;
    return { folders: { root, dev, remountRoot: runtime.name === 'crun', ...(sys && { sys }) }, mounts };
  } catch (error) {
    throw new VarveError('E_EXECUTOR', `the step's files could not be mounted: ${String(error)}`, { cause: error });
  }
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

export interface BundleRun {
  readonly runtime: OciRuntime;
  /** An empty folder of the run's own for config, state and log. */
  readonly bundle: string;
  readonly process: StepProcess;
  readonly folders: OciFolders;
  readonly stdin: number;
  readonly output: StepOutput;
}

/** Writes the bundle and runs it to its end. Errors: `E_EXECUTOR` where the runtime could not start the container. */
export async function runBundle(run: BundleRun, signal: AbortSignal): Promise<StepExit> {
  const { bundle } = run;
  writeFileSync(join(bundle, 'config.json'), configText(run), { mode: 0o600 });
  const exit = await runStepChild(
    {
      program: run.runtime.program,
      args: [
        ...run.runtime.args,
        ...['--root', join(bundle, 'state'), '--log', join(bundle, runtimeLog), '--log-format', 'json'],
        ...['run', '--bundle', bundle, `varve-${randomUUID()}`],
      ],
      stdin: run.stdin,
      env: run.runtime.env ?? {},
      uid: run.process.user.uid,
      output: run.output,
    },
    signal,
  );
  if (exit.code === null) return { kind: 'signalled', signal: exit.signal ?? 'SIGKILL' };
  // Both runtimes answer 1 for their own failures, and log why; a step that exits 1 leaves the log empty.
  const complaint = exit.code === 1 ? lastComplaint(bundle) : undefined;
  if (complaint === undefined) return { kind: 'exited', code: exit.code };
  const code = exitOfComplaint(complaint);
  if (code !== undefined) return { kind: 'exited', code };
  throw new VarveError('E_EXECUTOR', `${run.runtime.name} could not run the step: ${complaint}`);
}

/** JSON numbers of JavaScript cannot hold RLIM_INFINITY. */
function configText(run: BundleRun): string {
  const json = JSON.stringify(ociConfig(run.process, run.folders));
  return json.replace(/"(soft|hard)":-1(?=[,}])/g, '"$1":18446744073709551615');
}
