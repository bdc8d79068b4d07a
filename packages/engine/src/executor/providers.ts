import { closeSync, mkdirSync, openSync } from 'node:fs';
import type { Verdict } from '../model/doctor.js';
import { VarveError } from '../model/error.js';
import { type Provider, provide } from '../plugin/plugin.js';
import { findProgram } from '../sys/find-program.js';
import { isInUserNamespace } from '../sys/own-privileges.js';
import { isForeignProc } from '../sys/process-tree.js';
import { findOciRuntime, type OciRuntime } from './oci-runtime.js';
import { type ProbeWorld, probeWithStep } from './probe-step.js';

export interface ExecutorSettings {
  /** The builder's environment: only PATH is looked at. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Probes work in a folder of their own below it. Made on demand. */
  readonly scratchDir: string;
}

/** The executors that come with the engine, best first. */
export function builtInExecutors(settings: ExecutorSettings): readonly Provider<'executor'>[] {
  return [ociProvider(settings), namespacesProvider(settings)];
}

function ociProvider(settings: ExecutorSettings): Provider<'executor'> {
  return provide({
    slot: 'executor',
    id: 'oci',
    summary: 'runs steps as containers, with crun or runc',
    traits: { enters: ['directory', 'overlay'], isolation: 'full' },
    rank: 200,
    needs: ['process.root', 'mount.bind'],
    async probe() {
      const runtime = findOciRuntime(settings.env);
      if ('usable' in runtime) return runtime;
      const refusal = refuseInUserNamespace(runtime);
      if (refusal) return refusal;
      return probeWithStep(settings.scratchDir, (world, signal) => probeRuntime(runtime, world, signal));
    },
    async create(tools) {
      const runtime = findOciRuntime(tools.env);
      if ('usable' in runtime) throw unusable('oci', runtime);
      const { ociExecutor } = await import('./oci.js');
      return ociExecutor(runtime, madeFolder(tools.stateDir));
    },
  });
}

/**
 * runc takes flags off mounts that nobody in a user namespace may take off; and a runtime looks for its processes in /proc by numbers that
 * are others there where /proc is not its own. The built-in executor does neither.
 */
function refuseInUserNamespace(runtime: OciRuntime): Verdict | undefined {
  if (!isInUserNamespace()) return undefined;
  if (runtime.name === 'runc')
    return { usable: false, reason: 'runc is not used in a user namespace', hint: 'install crun' };
  if (!isForeignProc()) return undefined;
  return {
    usable: false,
    reason: 'parts of /proc are masked here, and a container runtime needs a fresh one',
    hint: 'unmask it (in a pod: securityContext.procMount: Unmasked with hostUsers: false)',
  };
}

/** Without mounts of our own, which would be seen outside: a probe does not run in a mount namespace that dies with it. */
async function probeRuntime(runtime: OciRuntime, world: ProbeWorld, signal: AbortSignal) {
  const { runBundle } = await import('./bundle.js');
  const { root } = world.process;
  const folders = {
    root: root.kind === 'directory' ? root.path : root.upper,
    remountRoot: runtime.name === 'crun',
  };
  const stdin = openSync('/dev/null', 'r');
  try {
    const { scratch: bundle, process, output } = world;
    return await runBundle({ runtime, bundle, folders, stdin, process, output }, signal);
  } finally {
    closeSync(stdin);
  }
}

function namespacesProvider(settings: ExecutorSettings): Provider<'executor'> {
  return provide({
    slot: 'executor',
    id: 'namespaces',
    summary: 'runs steps in namespaces of its own, with unshare of util-linux',
    traits: { enters: ['directory', 'overlay'], isolation: 'full' },
    rank: 100,
    needs: ['process.root', 'program.unshare', 'mount.bind'],
    probe: () =>
      probeWithStep(settings.scratchDir, async (world, signal) => {
        const executor = await createNamespaces(settings.env, world.scratch);
        return executor.run(world.process, world.output, signal);
      }),
    create: tools => createNamespaces(tools.env, madeFolder(tools.stateDir)),
  });
}

async function createNamespaces(env: ExecutorSettings['env'], scratchParent: string) {
  const unshare = findProgram('unshare', env);
  if (unshare === undefined) {
    throw unusable('namespaces', { usable: false, reason: 'unshare is not installed', hint: 'install util-linux' });
  }
  const { namespacesExecutor } = await import('./namespaces.js');
  return namespacesExecutor(unshare, scratchParent);
}

function unusable(id: string, verdict: Verdict): VarveError {
  if (verdict.usable) return new VarveError('E_PROVIDER_UNUSABLE', `executor ${id} cannot be used here`);
  const details = verdict.hint === undefined ? {} : { hint: verdict.hint };
  return new VarveError('E_PROVIDER_UNUSABLE', `executor ${id} cannot be used here: ${verdict.reason}`, details);
}

function madeFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}
