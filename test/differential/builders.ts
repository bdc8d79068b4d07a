import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { offerAptRepository } from '../rig/apt-repository.js';
import { baseLayout, pushBases } from '../rig/bases.js';
import { type Docker, startDockerd } from '../rig/dockerd.js';
import { type FileServer, startFileServer } from '../rig/file-server.js';
import { startGitServer } from '../rig/git-server.js';
import { newerBuild, startNewerDockerd } from '../rig/newer-dockerd.js';
import { offerNpmRegistry } from '../rig/npm-registry.js';
import { type Registry, startRegistry } from '../rig/registry.js';
import { must, type Outcome } from '../rig/run.js';
import { type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import type { Workbench } from '../rig/workbench.js';
import { type FeatureSpec, type ReadyCase, readyCase } from './feature-case.js';
import { makeFeatureRepository } from './feature-repository.js';

/** Everything that building the cases takes: a registry with the bases, a file server, Docker, Varve. */
export interface Builders {
  readonly bench: Workbench;
  readonly registry: Registry;
  readonly server: FileServer;
  /** The Docker that a case is compared with; a newer one starts when the first case asks for it. Undefined: none knows the syntax. */
  oracle(spec: FeatureSpec): Promise<Docker | undefined>;
  readonly varve: Varve;
  ready(name: string): Promise<ReadyCase>;
}

const bases = ['busybox', 'fixtures', 'attributes'] as const;

/** Starts the services and pushes the bases. */
export async function startBuilders(bench: Workbench): Promise<Builders> {
  const registry = await startRegistry(bench);
  const server = await startFileServer(bench);
  const git = await startGitServer(bench, bench.path('repositories'));
  const commit = await makeFeatureRepository(bench, bench.path('repositories'));
  const docker = await startDockerd(bench);
  await pushBases(registry, bases);
  const onDemand = servedOnDemand(bench, registry, server);
  const digests: Record<string, string> = {};
  for (const base of bases) digests[base] = await layoutDigest(await baseLayout(base));
  let newer: Promise<Docker> | undefined;
  const oracle = async ({ oracle: name }: FeatureSpec): Promise<Docker | undefined> => {
    if (name === 'reference') return undefined;
    if (name !== 'docker-26') return docker;
    newer ??= startNewerDockerd(bench, [registry.url, server.url, git.url].map(portOf));
    return newer;
  };
  const addresses = {
    registry: registry.host,
    files: server.url,
    git: git.url,
    commit,
    layouts: bench.path('layouts-of-bases'),
    digests,
  };
  cpSync(await baseLayout('busybox'), join(addresses.layouts, 'busybox'), { recursive: true });
  const ready = async (name: string): Promise<ReadyCase> => {
    const found = await readyCase(name, bench.path('cases', name), addresses);
    offerFiles(server, found.spec);
    await onDemand(found.spec);
    for (const [id, text] of Object.entries(found.spec.secrets ?? {}))
      writeFileSync(secretFile(found.dockerfile, id), text);
    const builder = (await oracle(found.spec)) ?? docker;
    for (const { dockerfile, image } of found.spec.before ?? []) {
      await dockerBuild(builder, { ...found, dockerfile: found.other(dockerfile) }, image);
    }
    return found;
  };
  return { bench, registry, server, oracle, varve: varveWith(bench.path('store')), ready };
}

function offerFiles(server: FileServer, spec: FeatureSpec): void {
  for (const [name, file] of Object.entries(spec.served ?? {})) {
    const body = file.hex === undefined ? Buffer.from(file.text ?? '') : Buffer.from(file.hex, 'hex');
    server.offer(`/${name}`, { body, ...(file.headers === undefined ? {} : { headers: file.headers }) });
  }
}

/** What few cases need is made when the first of them asks for it, once. */
function servedOnDemand(
  bench: Workbench,
  registry: Registry,
  server: FileServer,
): (spec: FeatureSpec) => Promise<void> {
  const made = new Map<string, Promise<void>>();
  const once = (what: string, make: () => Promise<void>): Promise<void> => {
    const promise = made.get(what) ?? make();
    made.set(what, promise);
    return promise;
  };
  const offers = { apt: offerAptRepository, npm: offerNpmRegistry } as const;
  return async spec => {
    for (const base of spec.bases ?? [])
      if (!bases.some(name => name === base)) await once(base, () => pushBases(registry, [base]));
    for (const kind of spec.packages ?? [])
      await once(`packages ${kind}`, () => offers[kind](server, bench.path(`packages-${kind}`)));
  };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

async function layoutDigest(layout: string): Promise<string> {
  return (await must('skopeo', ['inspect', '--format', '{{.Digest}}', `oci:${layout}:latest`])).trim();
}

/** Where {@link Builders.ready} writes a secret of a case down: beside the Dockerfile, out of the context. */
function secretFile(dockerfile: string, id: string): string {
  return join(dirname(dockerfile), `secret-${id}`);
}

/** The flags of a case that `docker build` and `varve build` spell alike. */
function sharedFlags({ spec, dockerfile }: ReadyCase): string[] {
  const buildArgs = Object.entries(spec.buildArgs ?? {}).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
  const secrets = Object.keys(spec.secrets ?? {}).flatMap(id => [
    '--secret',
    `id=${id},src=${secretFile(dockerfile, id)}`,
  ]);
  const contexts = Object.entries(spec.contexts ?? {}).flatMap(([key, value]) => [
    '--build-context',
    `${key}=${value.startsWith('./') ? join(dirname(dockerfile), value) : value}`,
  ]);
  const target = spec.target === undefined ? [] : ['--target', spec.target];
  return ['-f', dockerfile, ...buildArgs, ...secrets, ...contexts, ...target];
}

/** Builds a case with Docker and pushes it; a failing build is an outcome, a failing push is not. */
export async function dockerBuild(
  docker: Docker,
  ready: ReadyCase,
  image: string,
  more: readonly string[] = [],
): Promise<Outcome> {
  const flags = ['--network', 'host', '--progress', 'plain', ...sharedFlags(ready), ...more];
  const outcome = await docker.run(['build', ...flags, '-t', image, ready.context], buildOptions);
  if (outcome.code === 0) await docker.must(['push', '--quiet', image], buildOptions);
  return outcome;
}

/** What came of a Docker's build: how it ended, and where the image is, as {@link FactReader} takes it. */
export interface DockerBuilt {
  readonly outcome: Outcome;
  readonly image: string;
}

/** Builds a case with the Docker that it is compared with: the newer one writes a layout, the older one has to push. */
export async function oracleBuild(
  builders: Builders,
  docker: Docker,
  ready: ReadyCase,
  more: readonly string[] = [],
): Promise<DockerBuilt> {
  if (ready.spec.oracle !== 'docker-26') {
    const image = `${builders.registry.host}/docker/${ready.name}`;
    return { outcome: await dockerBuild(docker, ready, image, more), image: `docker://${image}` };
  }
  const layout = builders.bench.path('docker-layouts', ready.name);
  rmSync(layout, { recursive: true, force: true });
  const to = ['--output', `type=oci,tar=false,dest=${layout}`];
  const flags = ['--network', 'host', ...sharedFlags(ready), ...more, ...to];
  return { outcome: await newerBuild(docker, [...flags, ready.context], buildOptions), image: `oci:${layout}` };
}

/** A build takes seconds; beside everything else that a busy machine does, many times that. */
const buildOptions = { timeout: 600_000 };

/** Builds a case with Varve into an OCI layout folder, made anew. */
export async function varveBuild(
  varve: Varve,
  ready: ReadyCase,
  layout: string,
  env: NodeJS.ProcessEnv = {},
): Promise<VarveOutcome> {
  rmSync(layout, { recursive: true, force: true });
  const allowed = (ready.spec.allow ?? []).flatMap(what => ['--allow', what]);
  const flags = ['--progress', 'json', ...sharedFlags(ready), ...allowed];
  return varve(['build', ready.context, ...flags, '-o', `type=oci,dest=${layout}`], { ...buildOptions, env });
}
