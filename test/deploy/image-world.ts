import { writeFileSync } from 'node:fs';
import { pushBases } from '../rig/bases.js';
import { makeHome } from '../rig/client-home.js';
import { type Docker, startDockerd } from '../rig/dockerd.js';
import { type Registry, startRegistry } from '../rig/registry.js';
import { inRepository } from '../rig/repository.js';
import { must, type Outcome } from '../rig/run.js';
import { varveEnvironment } from '../rig/varve.js';
import type { Workbench } from '../rig/workbench.js';

/** Milliseconds that a busy machine may need for one of the programs called here. */
export const timeout = 600_000;

/** Where the executor image runs: as `varve/executor:plain` and `varve/executor:debug` in a Docker. */
export interface ImageWorld {
  readonly bench: Workbench;
  readonly docker: Docker;
  /** Has busybox. */
  readonly registry: Registry;
  /** A folder with a config.json for it. */
  readonly dockerConfig: string;
  /** `docker run`, with the network of this machine. */
  container(flags: readonly string[], words: readonly string[]): Promise<Outcome>;
}

export type ImageCase = readonly [name: string, run: (world: ImageWorld) => Promise<void>];

/** Builds both variants of the image from what is on this machine, and loads them into a Docker. */
export async function openImageWorld(bench: Workbench): Promise<ImageWorld> {
  const registry = await startRegistry(bench);
  await pushBases(registry, ['busybox']);
  await must(process.execPath, [inRepository('deploy/executor/runtime.mjs'), bench.path('runtime')], { timeout });
  await buildImage(bench, 'plain', []);
  await buildImage(bench, 'debug', ['--target', 'debug']);
  const docker = await startDockerd(bench);
  for (const name of ['plain', 'debug']) await docker.must(['load', '--input', bench.path(`${name}.tar`)], { timeout });
  const home = makeHome(bench.path('home'));
  home.logIn({ [registry.host]: { username: 'x', password: 'y' } });
  await must('mkdir', ['-p', bench.path('source')]);
  const dockerfile = `FROM ${registry.host}/busybox\nRUN id -u > /who\nCOPY Dockerfile /\n`;
  writeFileSync(bench.path('source/Dockerfile'), dockerfile);
  return {
    bench,
    docker,
    registry,
    dockerConfig: home.dockerConfig,
    container: (flags, words) => docker.run(['run', '--rm', '--network', 'host', ...flags, ...words], { timeout }),
  };
}

/**
 * Builds a variant of the image as `varve/executor:NAME` into the archive NAME.tar of the workbench; what comes from a Debian is taken from
 * `runtime` there, or from an image with Node where `env` says so.
 */
export function buildImage(
  bench: Workbench,
  name: string,
  flags: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const output = ['-t', `varve/executor:${name}`, '-o', `type=docker,dest=${bench.path(`${name}.tar`)}`];
  const fromHere = ['--build-context', `runtime=${bench.path('runtime')}`];
  const own = [...(env.VARVE_EXECUTOR_BASE === 'image' ? [] : fromHere), '--store', bench.path('store')];
  const words = [...output, ...own, '--compression', 'none', '--quiet', ...flags];
  const options = { env: varveEnvironment(env), timeout };
  return must(process.execPath, [inRepository('scripts/executor-image.js'), ...words], options);
}

/** What rung 1 needs of a container, as flags of `docker run`. */
export const privileged = [
  ...['SYS_ADMIN', 'NET_ADMIN'].flatMap(name => ['--cap-add', name]),
  ...['seccomp=unconfined', 'systempaths=unconfined'].flatMap(option => ['--security-opt', option]),
];

/** The same for rung 2. */
export const withoutSeccomp = ['--security-opt', 'seccomp=unconfined'];
