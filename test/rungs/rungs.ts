import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Docker } from '../rig/dockerd.js';
import { inRepository } from '../rig/repository.js';
import { type Outcome, type RunOptions, run } from '../rig/run.js';
import { type Varve, type VarveOutcome, varveEnvironment, varveWith } from '../rig/varve.js';
import type { Workbench } from '../rig/workbench.js';
import { normalUser } from './normal-user.js';

/** A place with so much privilege and no more, where Varve builds. */
export interface Rung {
  readonly name: string;
  readonly varve: Varve;
  /** Its steps share the builder's namespaces and root. */
  readonly shared?: boolean;
}

/** Rung 1 on this machine: root. */
export function asRoot(bench: Workbench): Rung {
  return { name: 'root', varve: varveWith(bench.path('store-of-root')) };
}

/** Rung 2 on this machine: somebody with ids of their own. */
export function asNormalUser(bench: Workbench): Rung {
  const user = normalUser(bench);
  const program = [user.node, join(user.repository, 'packages/cli/bin/varve.js')];
  const [first, ...others] = user.command;
  const call = (args: readonly string[], options: RunOptions): Promise<Outcome> =>
    run(first, [...others, ...program, ...args], { ...options, env: varveEnvironment(options.env) });
  return { name: 'a normal user', varve: varveBy(join(user.home, 'store'), call) };
}

/** What a container is given besides Docker's usual. */
export interface ContainerSettings {
  readonly name: string;
  readonly image: string;
  readonly flags: readonly string[];
  /** The store, absolute; below the workbench's folder it outlives the container. */
  readonly store: string;
  /** Where the workbench is; where it is on this machine if absent. */
  readonly workbench?: string;
  /** Node of the image; this machine's where there is none. */
  readonly node?: string;
  /** What builds are called with besides. */
  readonly buildFlags?: readonly string[];
}

/**
 * Varve in a container of its own for each call, with this machine's Node and this repository, which it may only read. The workbench is
 * there too, for contexts and results.
 */
export function inContainer(bench: Workbench, docker: Docker, settings: ContainerSettings): Rung {
  const { node = '/usr/bin/node', buildFlags = [], workbench = bench.folder } = settings;
  const program = settings.node === undefined ? [`${process.execPath}:${node}:ro`] : [];
  const shown = [...program, `${inRepository('.')}:/varve:ro`];
  const volumes = [...shown, `${bench.folder}:${workbench}`].flatMap(volume => ['--volume', volume]);
  const call = (args: readonly string[], options: RunOptions): Promise<Outcome> => {
    const env = Object.entries(options.env ?? {}).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    const before = ['run', '--rm', '--network', 'host', '--env', 'NO_COLOR=1', ...env, ...volumes, ...settings.flags];
    const { env: _, ...rest } = options;
    const words = [...args, ...(args[0] === 'build' ? buildFlags : [])].map(word =>
      word.replaceAll(bench.folder, workbench),
    );
    return docker.run([...before, settings.image, node, '/varve/packages/cli/bin/varve.js', ...words], rest);
  };
  return { name: settings.name, varve: varveBy(settings.store, call) };
}

function varveBy(store: string, call: (args: readonly string[], options: RunOptions) => Promise<Outcome>): Varve {
  const varve = async (args: readonly string[], options: RunOptions = {}): Promise<VarveOutcome> => {
    const outcome = await call([...args, '--store', store], options);
    return { ...outcome, events: [] };
  };
  return Object.assign(varve, { store });
}

/** A folder of the workbench into which anybody may write. */
export function openFolder(bench: Workbench, name: string): string {
  const folder = bench.path(name);
  mkdirSync(folder, { recursive: true });
  chownSync(folder, 0, 0);
  chmodSync(folder, 0o1777);
  return folder;
}

/** Rung 4: a default container of the marked image. */
export function inPlace(bench: Workbench, docker: Docker, image: string, name = 'a default container'): Rung {
  const rung = inContainer(bench, docker, {
    name,
    image,
    flags: ['--env', 'PATH=/kaniko/bin:/busybox'],
    store: openFolder(bench, 'store-of-default-container'),
    // No folder of an image has a volume in it that a pod would not have.
    workbench: '/kaniko/workbench',
    node: '/kaniko/bin/node',
    // Secrets of the cases are in the workbench, which is mounted.
    buildFlags: ['--allow', 'inplace-secrets'],
  });
  return { ...rung, shared: true };
}
