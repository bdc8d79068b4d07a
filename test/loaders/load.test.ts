import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { pushBases } from '../rig/bases.js';
import { makeContext } from '../rig/context-files.js';
import { type Docker, startDockerd } from '../rig/dockerd.js';
import { need } from '../rig/need.js';
import { openPodman, type Podman, podmanRunFlags } from '../rig/podman.js';
import { type Registry, startRegistry } from '../rig/registry.js';
import { transcript, type Varve, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';
import { type LayerRule, layerRules } from './rules.js';

const skip = need('linux', 'root', 'docker', 'podman', 'registry', 'skopeo', 'umoci', 'busybox', 'mmdebstrap');

describe('an image of Varve, loaded by docker and podman', { skip }, () => {
  let bench: Workbench;
  let registry: Registry;
  let docker: Docker;
  let podman: Podman;
  let varve: Varve;

  before(async () => {
    bench = openWorkbench('loaders');
    registry = await startRegistry(bench);
    await pushBases(registry, ['busybox', 'fixtures', 'attributes']);
    docker = await startDockerd(bench);
    podman = openPodman(bench);
    varve = varveWith(bench.path('store'));
  });
  after(() => bench?.close());

  for (const rule of layerRules) {
    test(`${rule.name}: ${rule.rule}`, { timeout: 180_000 }, async () => {
      const image = `localhost/varve-loaders/${rule.name}:latest`;
      const archive = await buildArchive(rule, image);
      await docker.must(['load', '--quiet', '--input', archive]);
      const inDocker = await docker.must(['run', '--rm', '--network', 'none', image, 'sh', '-c', rule.probe]);
      assert.equal(inDocker, rule.prints, 'loaded by docker');
      await podman.must(['load', '--quiet', '--input', archive]);
      const flags = ['--rm', '--network', 'none', ...podmanRunFlags];
      const inPodman = await podman.must(['run', ...flags, image, 'sh', '-c', rule.probe]);
      assert.equal(inPodman, rule.prints, 'loaded by podman');
    });
  }

  async function buildArchive(rule: LayerRule, image: string): Promise<string> {
    const folder = bench.path(rule.name);
    mkdirSync(folder);
    await makeContext(undefined, bench.path(rule.name, 'context'), rule.context ?? []);
    const dockerfile = bench.path(rule.name, 'Dockerfile');
    writeFileSync(dockerfile, `FROM ${registry.host}/${rule.base}\n${rule.dockerfile}\n`);
    const archive = bench.path(rule.name, 'image.tar');
    const output = `type=docker,dest=${archive},name=${image}`;
    const built = await varve(['build', bench.path(rule.name, 'context'), '-f', dockerfile, '-o', output]);
    assert.equal(built.code, 0, transcript(built));
    return archive;
  }
});
