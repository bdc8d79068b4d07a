import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRegistryClient, parseReference } from '@varve/oci';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { makeHome } from '../rig/client-home.js';
import { makeRepository, startGitServer } from '../rig/git-server.js';
import { startStrictRegistry } from '../rig/oci-services.js';
import { openPodman } from '../rig/podman.js';
import { inRepository } from '../rig/repository.js';
import type { Outcome } from '../rig/run.js';
import { transcript } from '../rig/varve.js';
import { type ImageCase, type ImageWorld, timeout, withoutSeccomp } from './image-world.js';

const account = { username: 'your-name', password: 'your-pword-77dkq2' };

/** The manifests of deploy, run as their systems run them. */
export const runningManifests: readonly ImageCase[] = [
  ['the Pod runs: a repository is built, and pushed with the Secret that is mounted', runPod],
  ['the Jobs run, and what one has done the other does not do again', runJobs],
  ["GitLab's job logs in, builds, pushes, and gives the digest on", world => runGitlabJob(world, withoutSeccomp)],
  ["GitLab's job does in a default container, too", world => runGitlabJob(world, [])],
  ["Tekton's Task builds what is in the workspace, and tells name and digest", runTask],
];

async function runPod({ bench, registry }: ImageWorld): Promise<void> {
  const strict = await startStrictRegistry(bench, { auth: account });
  await makeRepository(bench.path(), 'app', [
    folder => writeFileSync(`${folder}/Dockerfile`, `FROM ${registry.host}/busybox\nRUN echo pod > /said\n`),
  ]);
  const git = await startGitServer(bench, bench.path());
  const destination = `${strict.host}/team/app:1.0`;
  const podman = openPodman(bench);
  const conf = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n';
  writeFileSync(bench.path('containers.conf'), conf);
  const env = { ...process.env, CONTAINERS_CONF: bench.path('containers.conf') };
  const [, image = ''] =
    /^Loaded image: (\S+)$/m.exec(
      await podman.must(['load', '--quiet', '--input', bench.path('plain.tar')], { env }),
    ) ?? [];
  const pod = inRepository('deploy/kubernetes/pod.yaml');
  const text = readFileSync(pod, 'utf8')
    .replace('registry.example/varve/executor:0.1.0', image)
    .replace('git://git.example/team/app.git', `git://${git.url.replace('http://', '')}/app.git`)
    .replace('registry.example/team/app:1.0', destination);
  const manifest = parse(text) as PodManifest;
  const [container] = manifest.spec.containers;
  // Loopback stands for the network. A pod without a seccompProfile is unconfined; this podman has to be told.
  Object.assign(manifest.spec, { hostNetwork: true });
  Object.assign(manifest.metadata, { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' } });
  Object.assign(container ?? {}, {
    imagePullPolicy: 'Never',
    env: [{ name: 'GIT_PULL_METHOD', value: 'http' }],
    resources: {},
  });
  const auth = Buffer.from(`${account.username}:${account.password}`).toString('base64');
  const config = JSON.stringify({ auths: { [strict.host]: { ...account, auth } } });
  // Podman 4.3 takes the values of a Secret as they are, and names the files after the keys.
  writeFileSync(bench.path('secret.yaml'), stringify({ data: { 'config.json': config } }));
  writeFileSync(bench.path('pod.yaml'), stringify(manifest));
  await podman.must(['secret', 'create', 'regcred', bench.path('secret.yaml')], { env });
  await podman.must(['kube', 'play', bench.path('pod.yaml')], { env });
  try {
    const ended = await podman.must(['wait', 'varve-build-build'], { env, timeout });
    const logs = await podman.run(['logs', 'varve-build-build'], { env });
    assert.equal(ended.trim(), '0', transcript(logs));
    const client = createRegistryClient({ credentials: { lookup: () => Promise.resolve(account) } });
    const { digest } = await client.resolve(parseReference(destination));
    await client.close();
    assert.match(logs.stdout, new RegExp(digest));
    assert.ok(!transcript(logs).includes(account.password));
  } finally {
    await podman.run(['kube', 'down', bench.path('pod.yaml')], { env });
  }
}

/** As the pods that a Job makes: the arguments of its container, and its volumes. */
async function runJobs({ bench, registry, container }: ImageWorld): Promise<void> {
  const strict = await startStrictRegistry(bench, { auth: account });
  const home = makeHome(bench.path('job-home'));
  home.logIn({ [strict.host]: account });
  const common = `FROM ${registry.host}/busybox\nRUN echo the same in both | tee /same\n`;
  for (const name of ['api', 'web'])
    await makeRepository(bench.path('team'), name, [
      folder => writeFileSync(`${folder}/Dockerfile`, `${common}RUN echo ${name} > /own\n`),
    ]);
  const git = await startGitServer(bench, bench.path());
  const jobs = parseAllDocuments(readFileSync(inRepository('deploy/kubernetes/jobs.yaml'), 'utf8'));
  const ran: Outcome[] = [];
  for (const job of jobs) {
    const { containers } = (job.toJS() as JobManifest).spec.template.spec;
    const args = containers[0]?.args.map(word =>
      word
        .replace('git://git.example', `git://${git.url.replace('http://', '')}`)
        .replace('registry.example', strict.host),
    );
    const mounts = ['-v', `${home.dockerConfig}:/kaniko/.docker:ro`, '-v', '/kaniko/store'];
    const flags = [...withoutSeccomp, ...mounts, '--env', 'GIT_PULL_METHOD=http'];
    ran.push(await container(flags, ['varve/executor:plain', ...(args ?? [])]));
  }
  for (const outcome of ran) assert.equal(outcome.code, 0, transcript(outcome));
  assert.deepEqual(
    ran.map(({ stderr }) => /^.*the same in both$/m.test(stderr.replaceAll(/^.*RUN.*$/gm, ''))),
    [true, false],
    ran.map(transcript).join('\n'),
  );
  for (const name of ['api', 'web']) assert.match(await digestOf(`${strict.host}/team/${name}:1.0`), /^sha256:/);
}

/** The digest that a name has in a registry with the account. */
async function digestOf(reference: string): Promise<string> {
  const client = createRegistryClient({ credentials: { lookup: () => Promise.resolve(account) } });
  const { digest } = await client.resolve(parseReference(reference));
  await client.close();
  return digest;
}

/** As the runner does it: one shell for all lines, the project's folder mounted, and the variables of a job. */
async function runGitlabJob({ bench, container }: ImageWorld, flags: readonly string[]): Promise<void> {
  const strict = await startStrictRegistry(bench, { auth: account });
  const { build } = parse(readFileSync(inRepository('deploy/gitlab/.gitlab-ci.yml'), 'utf8')) as {
    readonly build: GitlabJob;
  };
  const variables = {
    CI_PROJECT_DIR: '/builds/team/app',
    CI_COMMIT_SHORT_SHA: '0a1b2c3d',
    CI_REGISTRY: strict.host,
    CI_REGISTRY_IMAGE: `${strict.host}/team/app`,
    CI_REGISTRY_USER: account.username,
    CI_REGISTRY_PASSWORD: account.password,
  };
  const own = Object.entries(build.variables).map(([name, value]) => [name, expand(value, variables)] as const);
  const env = [...Object.entries(variables), ...own].flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const project = ['-v', `${bench.path('source')}:/builds/team/app`, '-w', '/builds/team/app'];
  const shell = ['--entrypoint', '', ...flags, ...env, ...project, 'varve/executor:debug', 'sh', '-ec'];
  const ran = await container(shell, [[...build.before_script, ...build.script].join('\n')]);
  assert.equal(ran.code, 0, transcript(ran));
  // What the job wrote itself can be taken out of the way of steps.
  assert.doesNotMatch(ran.stderr, /W_SECRET_REACHABLE/);
  const [artifact] = build.artifacts.paths;
  const digest = readFileSync(bench.path('source', artifact ?? ''), 'utf8');
  assert.equal(await digestOf(`${strict.host}/team/app:0a1b2c3d`), digest);
  assert.ok(!transcript(ran).includes(account.password));
}

function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? '');
}

/** As a TaskRun does it: each step a container, with the workspaces where the Task wants them. */
async function runTask({ bench, registry, dockerConfig, container }: ImageWorld): Promise<void> {
  const { spec } = parse(readFileSync(inRepository('deploy/tekton/task.yaml'), 'utf8')) as { readonly spec: TaskSpec };
  const image = `${registry.host}/tekton/app:1`;
  const given: Readonly<Record<string, string>> = { IMAGE: image, BUILDER_IMAGE: 'varve/executor:plain' };
  const values = Object.fromEntries(spec.params.map(param => [param.name, given[param.name] ?? param.default]));
  writeFileSync(bench.path('source/Dockerfile.tekton'), `FROM ${registry.host}/busybox\nRUN echo tekton > /said\n`);
  const extra = ['--dockerfile=Dockerfile.tekton', '--cache=true', `--cache-repo=${registry.host}/tekton/cache`];
  const fill = (text: string): string =>
    text
      .replace(/\$\(params\.(\w+)\)/g, (_, name: string) => String(values[name]))
      .replaceAll('$(workspaces.source.path)', '/workspace/source')
      .replace(/\$\(results\.(\w+)\.path\)/g, '/tekton/results/$1');
  const results = bench.path('results');
  mkdirSync(results);
  const mounts = [
    ...['-v', `${bench.path('source')}:/workspace/source`, '-v', `${results}:/tekton/results`],
    ...['-v', `${dockerConfig}:/kaniko/.docker:ro`],
  ];
  for (const { image: name, args = [], env = [], script, workingDir } of spec.steps) {
    const flags = [
      ...mounts,
      ...env.flatMap(({ name, value }) => ['--env', `${name}=${fill(value)}`]),
      ...(workingDir === undefined ? [] : ['-w', fill(workingDir)]),
    ];
    if (script !== undefined) writeFileSync(bench.path('source/script'), fill(script), { mode: 0o755 });
    const entry = script === undefined ? [] : ['--entrypoint', '/workspace/source/script'];
    const words = args.flatMap(word => (word === '$(params.EXTRA_ARGS[*])' ? extra : [fill(word)]));
    const ran = await container([...withoutSeccomp, ...entry, ...flags], [fill(name), ...words]);
    assert.equal(ran.code, 0, transcript(ran));
  }
  const told = (name: string): string => readFileSync(`${results}/${name}`, 'utf8');
  assert.equal(told('IMAGE_URL'), image);
  const client = createRegistryClient();
  assert.equal((await client.resolve(parseReference(image))).digest, told('IMAGE_DIGEST'));
  await client.close();
}

interface GitlabJob {
  readonly variables: Readonly<Record<string, string>>;
  readonly before_script: readonly string[];
  readonly script: readonly string[];
  readonly artifacts: { readonly paths: readonly string[] };
}

interface TaskSpec {
  readonly params: readonly { readonly name: string; readonly default?: unknown }[];
  readonly steps: readonly {
    readonly image: string;
    readonly args?: readonly string[];
    readonly env?: readonly { readonly name: string; readonly value: string }[];
    readonly script?: string;
    readonly workingDir?: string;
  }[];
}

interface JobManifest {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } };
  };
}

interface PodManifest {
  readonly metadata: object;
  readonly spec: { readonly containers: readonly object[] };
}
