import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { pushBases } from '../rig/bases.js';
import { stepsThatRan, stepsThatWereCached } from '../rig/build-events.js';
import { makeContext } from '../rig/context-files.js';
import { type Docker, startDockerd } from '../rig/dockerd.js';
import { need } from '../rig/need.js';
import { openPodman, type Podman, podmanRunFlags } from '../rig/podman.js';
import { type Registry, startRegistry } from '../rig/registry.js';
import { inRepository } from '../rig/repository.js';
import { must } from '../rig/run.js';
import { transcript, type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need('linux', 'root', 'docker', 'podman', 'registry', 'skopeo', 'umoci', 'busybox', 'mmdebstrap');
const said = 'Hello from the third stage, world\n';

describe('three stages, two of them with a compiler, pushed and run', { skip }, () => {
  let bench: Workbench;
  let registry: Registry;
  let docker: Docker;
  let podman: Podman;
  let varve: Varve;
  let image: string;
  let first: VarveOutcome;

  before(async () => {
    bench = openWorkbench('tutorial');
    registry = await startRegistry(bench);
    await pushBases(registry, ['busybox', 'gcc']);
    docker = await startDockerd(bench);
    podman = openPodman(bench);
    varve = varveWith(bench.path('store'));
    image = `${registry.host}/tutorial:latest`;
    await makeContext(inRepository('test/tutorial/context'), bench.path('context'), []);
    const dockerfile = readFileSync(inRepository('test/tutorial/Dockerfile'), 'utf8');
    writeFileSync(bench.path('Dockerfile'), dockerfile.replaceAll('registry.test', registry.host));
    first = await build(varve, ['--cache', 'lmdb', '--cache', `registry,ref=${registry.host}/cache`]);
  });
  after(() => bench?.close());

  function build(with_: Varve, flags: readonly string[]): Promise<VarveOutcome> {
    const outputs = ['-t', image, '-t', `${registry.host}/tutorial:v1`, '--push'];
    const files = [
      ...['-o', `type=oci,dest=${bench.path('layout')}`],
      ...['-o', `type=docker,dest=${bench.path('docker.tar')},name=localhost/tutorial:latest`],
      ...['--metadata-file', bench.path('metadata.json'), '--iidfile', bench.path('iid')],
    ];
    const context = [bench.path('context'), '-f', bench.path('Dockerfile'), '--progress', 'json'];
    return with_(['build', ...context, ...outputs, ...files, ...flags]);
  }

  test('it is built', () => {
    assert.equal(first.code, 0, transcript(first));
    assert.equal(stepsThatRan(first).filter(label => label.includes('gcc')).length, 2, transcript(first));
  });

  test('skopeo reads it from the registry, under both tags', async () => {
    for (const tag of ['latest', 'v1']) {
      const told = JSON.parse(
        await must('skopeo', ['inspect', '--tls-verify=false', `docker://${registry.host}/tutorial:${tag}`]),
      );
      assert.equal(told.Os, 'linux');
      assert.ok(told.Env.includes('GREETED=world'));
      assert.equal(told.Layers.length, 2);
    }
  });

  test('umoci unpacks the layout', async () => {
    await must('skopeo', [
      '--insecure-policy',
      'copy',
      '--quiet',
      `oci:${bench.path('layout')}:v1`,
      `oci:${bench.path('tagged')}:x`,
    ]);
    await must('umoci', ['unpack', '--image', `${bench.path('tagged')}:x`, bench.path('bundle')]);
    assert.equal(
      await must(bench.path('bundle/rootfs/usr/local/bin/hello'), [], { env: { GREETED: 'umoci' } }),
      said.replace('world', 'umoci'),
    );
  });

  test('docker pulls and runs it, and loads the archive', async () => {
    assert.equal(await docker.must(['run', '--rm', '--network', 'none', image], { timeout: 180_000 }), said);
    await docker.must(['load', '--input', bench.path('docker.tar')]);
    assert.equal(await docker.must(['run', '--rm', '--network', 'none', 'localhost/tutorial:latest']), said);
  });

  test('podman pulls and runs it, and loads the archive', async () => {
    const flags = ['--rm', '--network', 'none', ...podmanRunFlags];
    await podman.must(['pull', '--quiet', '--tls-verify=false', image]);
    assert.equal(await podman.must(['run', ...flags, image]), said);
    await podman.must(['load', '--quiet', '--input', bench.path('docker.tar')]);
    assert.equal(await podman.must(['run', ...flags, 'localhost/tutorial:latest']), said);
  });

  test('the files that tell of it agree with the registry', async () => {
    const raw = await must('skopeo', ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${image}`]);
    const metadata = JSON.parse(readFileSync(bench.path('metadata.json'), 'utf8')) as Record<string, unknown>;
    assert.equal(metadata['containerimage.digest'], raw.trim());
    assert.match(readFileSync(bench.path('iid'), 'utf8').trim(), /^sha256:[0-9a-f]{64}$/);
  });

  test('built again, nothing runs', async () => {
    const again = await build(varve, []);
    assert.equal(again.code, 0, transcript(again));
    assert.deepEqual(stepsThatRan(again), []);
    assert.ok(stepsThatWereCached(again).length > 0, transcript(again));
  });

  test('on a fresh store with the registry cache alone, nothing runs either', async () => {
    mkdirSync(bench.path('fresh'));
    const fresh = await build(varveWith(bench.path('fresh')), [
      '--cache',
      `registry,ref=${registry.host}/cache,mode=ro`,
    ]);
    assert.equal(fresh.code, 0, transcript(fresh));
    assert.deepEqual(stepsThatRan(fresh), []);
    assert.equal(await docker.must(['run', '--rm', '--network', 'none', '--pull', 'always', image]), said);
  });
});
