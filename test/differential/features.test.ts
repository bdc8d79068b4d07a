import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { toldErrors } from '../rig/build-events.js';
import { diffFacts, showDifferences } from '../rig/diff-facts.js';
import type { Docker } from '../rig/dockerd.js';
import { type FactReader, factReader } from '../rig/image-facts.js';
import { need } from '../rig/need.js';
import { transcript } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';
import { allowances } from './allowances.js';
import { type Builders, oracleBuild, startBuilders, varveBuild } from './builders.js';
import { assertExpected, assertSound } from './expectations.js';
import { featureNames, featureSpec, type ReadyCase } from './feature-case.js';
import { firstBuild } from './repeated-builds.js';

const skip = need('linux', 'root', 'docker', 'registry', 'skopeo', 'umoci', 'python3', 'busybox', 'mmdebstrap');

/** Narrows the run to cases whose name holds one of these words, separated by commas. */
const only = process.env.VARVE_TEST_CASES?.split(',');
/** A second build without a cache takes its time: one case in four has it, with VARVE_TEST_AFRESH=all every one. */
const afreshEvery = only !== undefined || process.env.VARVE_TEST_AFRESH === 'all' ? 1 : 4;
const names = featureNames().filter(name => only === undefined || only.some(word => name.includes(word)));

describe('the same Dockerfile, built by Docker and by Varve', { skip, concurrency: 2 }, () => {
  let bench: Workbench;
  let builders: Builders;
  let facts: FactReader;
  let since: number;

  before(async () => {
    bench = openWorkbench('features');
    builders = await startBuilders(bench);
    facts = factReader(bench);
    since = Math.floor(Date.now() / 1000);
  });
  after(() => bench?.close());

  for (const [index, name] of names.entries()) {
    test(`${name}: ${featureSpec(name).about}`, { timeout: 900_000 }, async () => {
      const ready = await builders.ready(name);
      if (ready.spec.fails !== undefined) await bothRefuse(builders, ready);
      else await bothAgree(builders, ready, { facts, since, afresh: index % afreshEvery === 0 });
    });
  }
});

async function bothRefuse(builders: Builders, ready: ReadyCase): Promise<void> {
  const oracle = await builders.oracle(ready.spec);
  if (oracle !== undefined) {
    const { outcome } = await oracleBuild(builders, oracle, ready);
    assert.notEqual(outcome.code, 0, 'Docker builds it');
  }
  const layout = builders.bench.path('layouts', ready.name);
  const varve = await varveBuild(builders.varve, ready, layout);
  assert.equal(varve.code, 1, transcript(varve));
  const lines = toldErrors(varve).map(({ where }) => where?.line);
  assert.deepEqual(lines, [ready.spec.fails?.line], transcript(varve));
}

interface Comparison {
  readonly facts: FactReader;
  /**
   * When the first build of all began, in seconds since 1970. Docker's times of one case may be those of an earlier one: its builds share
   * what they have in common, heredoc files of one content for one.
   */
  readonly since: number;
  /** Whether Varve builds once more into an empty store. */
  readonly afresh: boolean;
}

/** Builds a case with Docker, which has to succeed; gives where the image is. */
async function imageOfDocker(
  builders: Builders,
  oracle: Docker,
  ready: ReadyCase,
  more: readonly string[] = [],
): Promise<string> {
  const { outcome, image } = await oracleBuild(builders, oracle, ready, more);
  assert.equal(outcome.code, 0, transcript(outcome));
  return image;
}

async function bothAgree(builders: Builders, ready: ReadyCase, { facts, since, afresh }: Comparison): Promise<void> {
  const builds = await firstBuild(builders.bench, ready, since);
  try {
    const oracle = await builders.oracle(ready.spec);
    const images = oracle ? [await imageOfDocker(builders, oracle, ready)] : [];
    const [ours, theirs] = await facts(`oci:${builds.layout}`, ...images);
    assert.ok(ours);
    assertSound(ours);
    if (ready.spec.expect !== undefined) assertExpected(ours, ready.spec.expect, 'Varve');
    if (oracle && theirs) {
      if (ready.spec.expect !== undefined) assertExpected(theirs, ready.spec.expect, 'Docker');
      let differences = diffFacts({ ours, theirs, since }, allowances);
      // On a busy machine a Docker has lost the content of files: one that disagrees is asked once more.
      if (differences.length > 0) {
        const [again] = await facts(await imageOfDocker(builders, oracle, ready, ['--no-cache']));
        assert.ok(again);
        differences = diffFacts({ ours, theirs: again, since }, allowances);
      }
      assert.equal(differences.length, 0, `\n${showDifferences(differences)}`);
    }
    await builds.assertSame(afresh);
  } finally {
    builds.close();
  }
}
