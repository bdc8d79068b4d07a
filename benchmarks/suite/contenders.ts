import { mkdirSync } from 'node:fs';
import { type Docker, startDockerd } from '@varve/test/rig/dockerd';
import { removeFolder } from '@varve/test/rig/remove-folder';
import { inRepository } from '@varve/test/rig/repository';
import { must } from '@varve/test/rig/run';
import { varveBin, varveEnvironment } from '@varve/test/rig/varve';
import type { Workbench } from '@varve/test/rig/workbench';

/** What is to be built and pushed. */
export interface BuildJob {
  readonly context: string;
  readonly dockerfile: string;
  /** Reference to push to. */
  readonly image: string;
  readonly noCache?: boolean;
}

/** A builder with a store of its own. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  /** Makes it forget everything. */
  reset(): Promise<void>;
  /** Builds and pushes. */
  build(job: BuildJob): Promise<void>;
}

const timeout = 900_000;

/** An oclif command that does nothing, started as varve is: what a command costs before it does anything. */
export async function runNothing(): Promise<void> {
  const empty = inRepository('benchmarks/empty-command/empty.js');
  await must(process.execPath, [empty, 'nothing'], { timeout, env: varveEnvironment() });
}

/** Varve as it is in this repository. `flags` go into every build; each name has a store of its own. */
export async function varveContender(
  bench: Workbench,
  { name, flags }: { readonly name: string; readonly flags: readonly string[] } = { name: 'varve', flags: [] },
): Promise<Contender> {
  const store = bench.path(`store-${name}`);
  const call = (args: readonly string[]): Promise<string> =>
    must(process.execPath, [varveBin, ...args], { timeout, env: varveEnvironment() });
  return {
    name,
    version: (await call(['version'])).trim(),
    reset: async () => removeFolder(store),
    async build({ context, dockerfile, image, noCache }) {
      const where = ['--store', store, '-t', image, '--push', '--progress', 'quiet'];
      await call(['build', context, '-f', dockerfile, ...where, ...(noCache ? ['--no-cache'] : []), ...flags]);
    },
  };
}

/** Debian's Buildah, as root with overlay and chroot. */
export async function buildahContender(bench: Workbench): Promise<Contender> {
  const store = bench.path('store-buildah');
  const storage = ['--root', `${store}/root`, '--runroot', `${store}/run`, '--storage-driver', 'overlay'];
  const call = (args: readonly string[]): Promise<string> =>
    must('buildah', args, { timeout, env: varveEnvironment() });
  return {
    name: 'buildah',
    version: (await call(['--version'])).trim(),
    async reset() {
      removeFolder(store);
      mkdirSync(store, { recursive: true });
    },
    async build({ context, dockerfile, image, noCache }) {
      const how = ['--layers', '--isolation', 'chroot', '--network', 'host', '--tls-verify=false', '--quiet'];
      await call([
        ...storage,
        'bud',
        ...how,
        ...(noCache ? ['--no-cache'] : []),
        '-t',
        image,
        '-f',
        dockerfile,
        context,
      ]);
      await call([...storage, 'push', '--quiet', '--tls-verify=false', image]);
    },
  };
}

/** `docker build` of Debian's dockerd with its BuildKit, on a daemon of its own. */
export async function dockerContender(bench: Workbench): Promise<Contender> {
  const docker: Docker = await startDockerd(bench, bench.path('store-docker'));
  const version = (await docker.must(['version', '--format', '{{.Server.Version}}'])).trim();
  return {
    name: 'docker',
    version: `dockerd ${version} with BuildKit`,
    async reset() {
      await docker.must(['system', 'prune', '--all', '--force', '--volumes'], { timeout });
      await docker.must(['builder', 'prune', '--all', '--force'], { timeout });
    },
    async build({ context, dockerfile, image, noCache }) {
      const how = ['--network', 'host', '--quiet', ...(noCache ? ['--no-cache'] : [])];
      await docker.must(['build', ...how, '-t', image, '-f', dockerfile, context], { timeout });
      await docker.must(['push', '--quiet', image], { timeout });
    },
  };
}
