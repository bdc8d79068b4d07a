import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VarveError } from '../model/error.js';
import type { StepExit, StepProcess } from '../model/process.js';
import type { StepOutput } from '../plugin/executor.js';
import { type OciFolders, ociConfig } from './oci-config.js';
import { exitOfComplaint, lastComplaint, type OciRuntime, runtimeLog } from './oci-runtime.js';
import { StepChild, type StepProgram } from './step-child.js';
import { runtimeConfig, type WaitingRuntime } from './waiting-runtime.js';

export interface BundleRun {
  readonly runtime: OciRuntime;
  /** A folder of the run's own for config, state and log: empty but for what the runtime that waits there has in it. */
  readonly bundle: string;
  readonly process: StepProcess;
  readonly folders: OciFolders;
  readonly stdin: number;
  readonly output: StepOutput;
  readonly waiting?: WaitingRuntime;
}

/** Writes the bundle and runs it to its end. Errors: `E_EXECUTOR` where the runtime could not start the container. */
export async function runBundle(run: BundleRun, signal: AbortSignal): Promise<StepExit> {
  const { runtime, bundle, process, output } = run;
  const config = configText(run);
  const child = (await run.waiting?.become(config)) ?? start(run, config);
  const exit = await child.run({ uid: process.user.uid, output }, signal);
  if (exit.code === null) return { kind: 'signalled', signal: exit.signal ?? 'SIGKILL' };
  // Both runtimes answer 1 for their own failures, and log why; a step that exits 1 leaves the log empty.
  const complaint = exit.code === 1 ? lastComplaint(bundle) : undefined;
  if (complaint === undefined) return { kind: 'exited', code: exit.code };
  const code = exitOfComplaint(complaint);
  if (code !== undefined) return { kind: 'exited', code };
  throw new VarveError('E_EXECUTOR', `${runtime.name} could not run the step: ${complaint}`);
}

/** A runtime that runs the bundle it is started in, as a container of a name that nobody else has. */
export function runtimeProgram(runtime: OciRuntime, bundle: string, stdin: number): StepProgram {
  return {
    program: runtime.program,
    args: [
      ...runtime.args,
      ...['--root', join(bundle, 'state'), '--log', join(bundle, runtimeLog), '--log-format', 'json'],
      ...['run', '--bundle', bundle, `varve-${randomUUID()}`],
    ],
    env: runtime.env ?? {},
    stdin,
  };
}

function start({ runtime, bundle, stdin }: BundleRun, config: string): StepChild {
  writeFileSync(join(bundle, runtimeConfig), config, { mode: 0o600 });
  return new StepChild(runtimeProgram(runtime, bundle, stdin));
}

/** JSON numbers of JavaScript cannot hold RLIM_INFINITY. */
function configText(run: BundleRun): string {
  const json = JSON.stringify(ociConfig(run.process, run.folders));
  return json.replace(/"(soft|hard)":-1(?=[,}])/g, '"$1":18446744073709551615');
}
