import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pushBases } from '../rig/bases.js';
import { startDockerd } from '../rig/dockerd.js';
import { need } from '../rig/need.js';
import { startRegistry } from '../rig/registry.js';
import { transcript } from '../rig/varve.js';
import { openWorkbench } from '../rig/workbench.js';
import { buildImage, timeout } from './image-world.js';

const skip = need('linux', 'root', 'docker', 'registry', 'umoci', 'skopeo', 'mmdebstrap');

// With the Debian packages of the network, as where a registry has the image with Node.
test('the executor image is built from an image with Node', { skip, timeout: 900_000 }, async () => {
  await using bench = openWorkbench('executor-from-image');
  const registry = await startRegistry(bench);
  await pushBases(registry, ['node']);
  const flags = ['--target', 'debug', '--build-arg', `NODE_IMAGE=${registry.host}/node`];
  await buildImage(bench, 'online', flags, { VARVE_EXECUTOR_BASE: 'image' });
  const docker = await startDockerd(bench);
  await docker.must(['load', '--input', bench.path('online.tar')], { timeout });
  const [{ Size }] = JSON.parse(await docker.must(['image', 'inspect', 'varve/executor:online'])) as [{ Size: number }];
  assert.ok(Size <= 250_000_000, `${Size} bytes`);
  const calls =
    'varve version; git --version; ssh -V; /kaniko/bin/unshare --version; zstd --version; ls /kaniko/ssl/certs';
  const shell = ['--entrypoint', '/busybox/sh', 'varve/executor:online', '-ec', calls];
  const ran = await docker.run(['run', '--rm', '--network', 'none', ...shell], { timeout });
  assert.equal(ran.code, 0, transcript(ran));
  assert.match(ran.stdout, /^varve .*\ngit version/);
  assert.match(ran.stdout, /ca-certificates\.crt/);
});
