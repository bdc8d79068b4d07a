import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stepsThatRan, toldErrors } from '../rig/build-events.js';
import { diffFacts, showDifferences } from '../rig/diff-facts.js';
import { type FactReader, factReader } from '../rig/image-facts.js';
import { need } from '../rig/need.js';
import { transcript } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';
import { allowances } from './allowances.js';
import { type Builders, dockerBuild, startBuilders, varveBuild } from './builders.js';
import { assertExpected, assertSound } from './expectations.js';
import { featureNames, featureSpec, type ReadyCase } from './feature-case.js';

const skip = need('linux', 'root', 'docker', 'registry', 'skopeo', 'umoci', 'python3', 'busybox', 'mmdebstrap');

/** Narrows the run to cases whose name holds one of these words, separated by commas. */
const only = process.env.VARVE_TEST_CASES?.split(',');
const names = featureNames().filter(name => only === undefined || only.some(word => name.includes(word)));

describe('the same Dockerfile, built by Docker and by Varve', { skip, concurrency: 2 }, () => {
  let bench: Workbench;
  let builders: Builders;
  let facts: FactReader;

  before(async () => {
    bench = openWorkbench('features');
    builders = await startBuilders(bench);
    facts = factReader(bench);
  });
  after(() => bench?.close());

  for (const name of names) {
    test(`${name}: ${featureSpec(name).about}`, { timeout: 180_000 }, async () => {
      const ready = await builders.ready(name);
      if (ready.spec.fails !== undefined) await bothRefuse(builders, ready);
      else await bothAgree(builders, facts, ready);
    });
  }
});

async function bothRefuse(builders: Builders, ready: ReadyCase): Promise<void> {
  const oracle = await builders.oracle(ready.spec);
  if (oracle !== undefined) {
    const docker = await dockerBuild(oracle, ready, `${builders.registry.host}/docker/${ready.name}`);
    assert.notEqual(docker.code, 0, 'Docker builds it');
  }
  const layout = builders.bench.path('layouts', ready.name);
  const varve = await varveBuild(builders.varve, ready, layout);
  assert.equal(varve.code, 1, transcript(varve));
  const lines = toldErrors(varve).map(({ where }) => where?.line);
  assert.deepEqual(lines, [ready.spec.fails?.line], transcript(varve));
}

async function bothAgree(builders: Builders, facts: FactReader, ready: ReadyCase): Promise<void> {
  const since = Math.floor(Date.now() / 1000) - 1;
  const layout = builders.bench.path('layouts', ready.name);
  const varve = await varveBuild(builders.varve, ready, layout);
  assert.equal(varve.code, 0, transcript(varve));
  const ours = await facts(`oci:${layout}`);
  assertSound(ours);
  if (ready.spec.expect !== undefined) assertExpected(ours, ready.spec.expect, 'Varve');
  const oracle = await builders.oracle(ready.spec);
  if (oracle !== undefined) {
    const image = `${builders.registry.host}/docker/${ready.name}`;
    const docker = await dockerBuild(oracle, ready, image);
    assert.equal(docker.code, 0, transcript(docker));
    const theirs = await facts(`docker://${image}`);
    if (ready.spec.expect !== undefined) assertExpected(theirs, ready.spec.expect, 'Docker');
    const differences = diffFacts({ ours, theirs, since }, allowances);
    assert.equal(differences.length, 0, `\n${showDifferences(differences)}`);
  }
  const again = builders.bench.path('layouts', `${ready.name}-again`);
  const second = await varveBuild(builders.varve, ready, again);
  assert.equal(second.code, 0, transcript(second));
  assert.deepEqual(stepsThatRan(second), [], 'steps that ran again');
  assert.deepEqual(layersOf(again), layersOf(layout), 'layers of the cached build');
}

function layersOf(layout: string): string[] {
  const index = readJson(join(layout, 'index.json')) as { manifests: [{ digest: string }] };
  const manifest = readJson(join(layout, 'blobs', index.manifests[0].digest.replace(':', '/'))) as {
    layers: { digest: string }[];
  };
  return manifest.layers.map(layer => layer.digest);
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
