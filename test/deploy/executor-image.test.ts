import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { createRegistryClient, hostPlatform, parseReference } from '@varve/oci';
import { makeRepository, startGitServer } from '../rig/git-server.js';
import { need } from '../rig/need.js';
import { certificates } from '../rig/oci-services.js';
import { transcript } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';
import { type ImageWorld, openImageWorld, privileged } from './image-world.js';
import { runningManifests } from './running-manifests.js';
import { secondBuilds } from './second-build.js';

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
  'openssl',
);
/** Bytes that the image may have unpacked. */
const largest = 250 * 1000 * 1000;

describe('the executor image, built by varve from what is on this machine', { skip }, () => {
  let bench: Workbench;
  let world: ImageWorld;

  before(async () => {
    bench = openWorkbench('executor-image');
    world = await openImageWorld(bench);
  });
  after(() => bench?.close());

  const container: ImageWorld['container'] = (flags, words) => world.container(flags, words);

  test('is small, and has what kaniko has where kaniko has it', async () => {
    const { Size, Config } = JSON.parse(await world.docker.must(['image', 'inspect', 'varve/executor:plain']))[0];
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

  test('git over https trusts what is in the folder of certificates, and nobody else', async () => {
    const made = await certificates();
    await makeRepository(bench.path('tls'), 'app', [
      folder => writeFileSync(`${folder}/Dockerfile`, 'FROM scratch\nLABEL from=https\n'),
    ]);
    const git = await startGitServer(bench, bench.path('tls'), { tls: made });
    writeFileSync(bench.path('own-ca.crt'), made.ca);
    const words = [`--context=${git.url.replace('https://', 'git://')}/app.git`, '--no-push'];
    const mount = ['-v', `${bench.path('own-ca.crt')}:/kaniko/ssl/certs/own-ca.crt:ro`];
    const built = await container(mount, ['varve/executor:plain', ...words]);
    assert.equal(built.code, 0, transcript(built));
    const refused = await container([], ['varve/executor:plain', ...words]);
    assert.equal(refused.code, 1, transcript(refused));
    assert.match(refused.stderr, /certificate/);
  });

  const places = { 'a privileged container': privileged, 'a default container': [] };
  for (const [place, flags] of Object.entries(places))
    test(`in ${place} it builds, pushes, and writes the digest where a pod looks for it`, async () => {
      const reference = `${world.registry.host}/built/app-${flags.length}:1`;
      writeFileSync(bench.path('termination-log'), '');
      const mounts = [
        ...['-v', `${bench.path('source')}:/workspace:ro`, '-v', `${world.dockerConfig}:/kaniko/.docker:ro`],
        ...['-v', `${bench.path('termination-log')}:/dev/termination-log`],
      ];
      const words = [`--destination=${reference}`, '--digest-file=/dev/termination-log', '--cache=true', '--force'];
      const built = await container([...flags, ...mounts], ['varve/executor:plain', ...words]);
      assert.equal(built.code, 0, transcript(built));
      // Where steps share the root they could read what is mounted, and that is told.
      assert.equal(/W_SECRET_REACHABLE/.test(built.stderr), flags.length === 0, transcript(built));
      const client = createRegistryClient();
      const { manifestDescriptor, config } = await client.image(parseReference(reference), hostPlatform());
      await client.close();
      assert.equal(readFileSync(bench.path('termination-log'), 'utf8'), manifestDescriptor.digest);
      assert.equal(config.rootfs.diff_ids.length, 3);
      const again = await container([...flags, ...mounts], ['varve/executor:plain', ...words]);
      assert.equal(again.stdout, built.stdout, transcript(again));
      assert.match(again.stderr, /all \d+ steps were cached/);
    });

  for (const [name, run] of [...secondBuilds, ...runningManifests]) test(name, { timeout: 600_000 }, () => run(world));
});
