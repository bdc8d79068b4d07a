import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { createRegistryClient, hostPlatform, parseReference } from '@varve/oci';
import { parse, stringify } from 'yaml';
import { pushBases } from '../rig/bases.js';
import { makeHome } from '../rig/client-home.js';
import { type Docker, startDockerd } from '../rig/dockerd.js';
import { makeRepository, startGitServer } from '../rig/git-server.js';
import { need } from '../rig/need.js';
import { startStrictRegistry } from '../rig/oci-services.js';
import { openPodman } from '../rig/podman.js';
import { type Registry, startRegistry } from '../rig/registry.js';
import { inRepository } from '../rig/repository.js';
import { must, type Outcome } from '../rig/run.js';
import { transcript, varveEnvironment } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need(
  'linux',
  'root',
  'docker',
  'registry',
  'umoci',
  'busybox',
  'skopeo',
  'git',
  'patchelf',
  'ssh',
  'zstd',
  'podman',
  'catatonit',
  'htpasswd',
);
/** Milliseconds that a busy machine may need for one of the programs called here. */
const timeout = 600_000;
/** Bytes that the image may have unpacked. */
const largest = 250 * 1000 * 1000;

/** What rung 1 needs of a privileged container. */
const privileged = ['SYS_ADMIN', 'NET_ADMIN'].flatMap(name => ['--cap-add', name]);
const unconfined = ['seccomp=unconfined', 'systempaths=unconfined'].flatMap(option => ['--security-opt', option]);

describe('the executor image, built by varve from what is on this machine', { skip }, () => {
  let bench: Workbench;
  let docker: Docker;
  let registry: Registry;

  before(async () => {
    bench = openWorkbench('executor-image');
    registry = await startRegistry(bench);
    await pushBases(registry, ['busybox']);
    await must(process.execPath, [inRepository('deploy/executor/runtime.js'), bench.path('runtime')], { timeout });
    await build('plain', []);
    await build('debug', ['--target', 'debug']);
    docker = await startDockerd(bench);
    for (const name of ['plain', 'debug'])
      await docker.must(['load', '--input', bench.path(`${name}.tar`)], { timeout });
    const made = makeHome(bench.path('home'));
    made.logIn({ [registry.host]: { username: 'x', password: 'y' } });
    await must('mkdir', ['-p', bench.path('source')]);
    writeFileSync(
      bench.path('source/Dockerfile'),
      `FROM ${registry.host}/busybox\nRUN id -u > /who\nCOPY Dockerfile /\n`,
    );
  });
  after(() => bench?.close());

  function build(name: string, flags: readonly string[]): Promise<string> {
    const output = ['-t', `varve/executor:${name}`, '-o', `type=docker,dest=${bench.path(`${name}.tar`)}`];
    const own = ['--build-context', `runtime=${bench.path('runtime')}`, '--store', bench.path('store')];
    const words = [...output, ...own, '--compression', 'none', '--quiet', ...flags];
    return must(process.execPath, [inRepository('scripts/executor-image.js'), ...words], {
      env: varveEnvironment(),
      timeout,
    });
  }

  function container(flags: readonly string[], words: readonly string[]): Promise<Outcome> {
    return docker.run(['run', '--rm', '--network', 'host', ...flags, ...words], { timeout });
  }

  test('is small, and has what kaniko has where kaniko has it', async () => {
    const { Size, Config } = JSON.parse(await docker.must(['image', 'inspect', 'varve/executor:plain']))[0];
    assert.ok(Size <= largest, `${Size} bytes`);
    assert.deepEqual(Config.Entrypoint, ['/kaniko/executor']);
    assert.equal(Config.WorkingDir, '/workspace');
    const variables = Object.fromEntries((Config.Env as string[]).map(pair => pair.split(/=(.*)/s)));
    assert.equal(variables.DOCKER_CONFIG, '/kaniko/.docker/');
    assert.equal(variables.SSL_CERT_DIR, '/kaniko/ssl/certs');
    const look =
      'ls -d /kaniko/.docker /kaniko/ssl/certs/ca-certificates.crt /kaniko/.varve-executor /workspace /busybox/ls';
    const listed = await container(['--entrypoint', '/busybox/sh'], ['varve/executor:debug', '-c', look]);
    assert.equal(listed.stdout.trim().split('\n').length, 5, transcript(listed));
    const none = await container(['--entrypoint', '/busybox/sh'], ['varve/executor:plain', '-c', 'true']);
    assert.notEqual(none.code, 0);
  });

  test("a first argument with a dash means kaniko's flags, any other a command of varve", async () => {
    const version = await container([], ['varve/executor:plain', 'version']);
    assert.match(version.stdout, /^varve \d/, transcript(version));
    const flags = await container([], ['varve/executor:plain', '--help']);
    assert.match(flags.stdout, /varve kaniko \[FLAGS\]/, transcript(flags));
    const warmer = await container(['--entrypoint', '/kaniko/warmer'], ['varve/executor:plain', '--help']);
    assert.match(warmer.stdout, /varve kaniko warmer \[FLAGS\]/, transcript(warmer));
    const shell = await container(
      ['--entrypoint', '/busybox/sh'],
      ['varve/executor:debug', '-c', '/kaniko/executor version && varve version'],
    );
    assert.match(shell.stdout, /^varve .*\nvarve /, transcript(shell));
  });

  test('every program in it works: nothing lacks a library', async () => {
    const calls = ['node --version', 'git --version', 'ssh -V', '/kaniko/bin/unshare --version', 'zstd --version'];
    const tools = await container(['--entrypoint', '/busybox/sh'], ['varve/executor:debug', '-ec', calls.join('\n')]);
    assert.equal(tools.code, 0, transcript(tools));
    const remote = await container(
      ['--entrypoint', '/kaniko/bin/git'],
      ['varve/executor:plain', 'ls-remote', 'https://127.0.0.1:9/x.git'],
    );
    assert.match(remote.stderr, /127\.0\.0\.1/, transcript(remote));
    assert.doesNotMatch(remote.stderr, /libr|loading/);
  });

  test('in a privileged container it builds, pushes, and writes the digest where a pod looks for it', async () => {
    const reference = `${registry.host}/built/app:1`;
    writeFileSync(bench.path('termination-log'), '');
    const mounts = [
      ...['-v', `${bench.path('source')}:/workspace:ro`, '-v', `${bench.path('home')}/.docker:/kaniko/.docker:ro`],
      ...['-v', `${bench.path('termination-log')}:/dev/termination-log`],
    ];
    const words = [`--destination=${reference}`, '--digest-file=/dev/termination-log', '--cache=true', '--force'];
    const built = await container([...privileged, ...unconfined, ...mounts], ['varve/executor:plain', ...words]);
    assert.equal(built.code, 0, transcript(built));
    const client = createRegistryClient();
    const { manifestDescriptor, config } = await client.image(parseReference(reference), hostPlatform());
    await client.close();
    assert.equal(readFileSync(bench.path('termination-log'), 'utf8'), manifestDescriptor.digest);
    assert.equal(config.rootfs.diff_ids.length, 3);
    const again = await container([...privileged, ...unconfined, ...mounts], ['varve/executor:plain', ...words]);
    assert.equal(again.stdout, built.stdout, transcript(again));
    assert.match(again.stderr, /all \d+ steps were cached/);
  });

  test('the Pod of deploy runs: a repository is built, and pushed with the Secret that is mounted', async () => {
    const account = { username: 'your-name', password: 'your-pword-77dkq2' };
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
  });
});

interface PodManifest {
  readonly metadata: object;
  readonly spec: { readonly containers: readonly object[] };
}
