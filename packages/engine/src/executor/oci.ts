import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VarveError } from '../model/error.js';
import type { StepExit, StepProcess } from '../model/process.js';
import type { Executor, StepOutput } from '../plugin/executor.js';
import { detachMount } from '../sys/mount.js';
import { refuseCwdInProc } from './cwd.js';
import { mountDev } from './dev-folder.js';
import { type OciFolders, ociConfig } from './oci-config.js';
import { exitOfComplaint, lastComplaint, type OciRuntime, runtimeLog } from './oci-runtime.js';
import { mountRoot } from './root-mount.js';
import { runStepChild } from './step-child.js';

const mountFolders = ['root', 'dev', 'nodes'] as const;

/**
 * Runs steps as containers of an OCI runtime. Mounts the root and /dev in the mount namespace of this process, which should be its
 * own, so that they die with it.
 *
 * @param scratchParent an existing folder in which each step gets one of its own while it runs
 */
export function ociExecutor(runtime: OciRuntime, scratchParent: string): Executor {
  return {
    async run(process, output, signal) {
      signal.throwIfAborted();
      const scratch = mkdtempSync(join(scratchParent, 'step-'));
      const mounted: string[] = [];
      try {
        const folders = mountFoldersOf(process, scratch, mounted);
        refuseCwdInProc(folders.root, process.cwd);
        const stdin = openSync(join(scratch, 'nodes/null'), 'r');
        try {
          return await runBundle({ runtime, scratch, process, folders, stdin, output }, signal);
        } finally {
          closeSync(stdin);
        }
      } finally {
        removeScratch(scratch, mounted);
      }
    },
  };
}

function mountFoldersOf(process: StepProcess, scratch: string, mounted: string[]): OciFolders {
  const [root, dev, nodes] = mountFolders.map(name => join(scratch, name)) as [string, string, string];
  for (const folder of [root, dev, nodes]) mkdirSync(folder);
  const insecure = process.security === 'insecure';
  try {
    mountRoot(process.root, root, insecure);
    mounted.push(root);
    mounted.push(nodes, dev);
    mountDev(dev, nodes);
  } catch (error) {
    throw new VarveError('E_EXECUTOR', `the root could not be mounted: ${String(error)}`, { cause: error });
  }
  return { root, dev };
}

/** Never removes by recursion what might be a mount. */
function removeScratch(scratch: string, mounted: readonly string[]): void {
  for (const folder of mounted.toReversed()) {
    try {
      detachMount(folder);
    } catch {
      // Not mounted, where mounting failed half-way; if it is, rmdir refuses below.
    }
  }
  for (const name of mountFolders) {
    try {
      rmdirSync(join(scratch, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  rmSync(scratch, { recursive: true, force: true });
}

export interface BundleRun {
  readonly runtime: OciRuntime;
  /** A folder of the run's own for bundle, state and log. */
  readonly scratch: string;
  readonly process: StepProcess;
  readonly folders: OciFolders;
  readonly stdin: number;
  readonly output: StepOutput;
}

/** Writes the bundle and runs it to its end. Errors: `E_EXECUTOR` where the runtime could not start the container. */
export async function runBundle(run: BundleRun, signal: AbortSignal): Promise<StepExit> {
  const bundle = join(run.scratch, 'bundle');
  mkdirSync(bundle);
  // Secrets may stand in the environment of a step that asked for them.
  writeFileSync(join(bundle, 'config.json'), configText(run), { mode: 0o600 });
  const exit = await runStepChild(
    {
      program: run.runtime.program,
      args: [
        ...run.runtime.args,
        ...['--root', join(run.scratch, 'state'), '--log', join(run.scratch, runtimeLog), '--log-format', 'json'],
        ...['run', '--bundle', bundle, `varve-${randomUUID()}`],
      ],
      stdin: run.stdin,
      uid: run.process.user.uid,
      output: run.output,
    },
    signal,
  );
  if (exit.code === null) return { kind: 'signalled', signal: exit.signal ?? 'SIGKILL' };
  // Both runtimes answer 1 for their own failures, and log why; a step that exits 1 leaves the log empty.
  const complaint = exit.code === 1 ? lastComplaint(run.scratch) : undefined;
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
