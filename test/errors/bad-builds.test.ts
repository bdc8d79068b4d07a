import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { baseLayout, pushBases } from '../rig/bases.js';
import { toldErrors } from '../rig/build-events.js';
import { makeContext } from '../rig/context-files.js';
import { mountsWith, processesWith } from '../rig/leftovers.js';
import { need } from '../rig/need.js';
import { copyImage, type Registry, startRegistry } from '../rig/registry.js';
import { must } from '../rig/run.js';
import { transcript, type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';
import { type BadBuild, badBuilds } from './bad-builds.js';

const skip = need('linux', 'root', 'registry', 'skopeo', 'umoci', 'busybox');

describe('a build that cannot be', { skip }, () => {
  let bench: Workbench;
  let registry: Registry;
  let varve: Varve;

  before(async () => {
    bench = openWorkbench('errors');
    registry = await startRegistry(bench);
    await pushBases(registry, ['busybox']);
    await pushElsewhere(bench, registry);
    await pushDamaged(bench, registry);
    varve = varveWith(bench.path('store'));
  });
  after(() => bench?.close());

  for (const bad of badBuilds) {
    test(bad.name, { timeout: 300_000 }, async () => {
      const args = await prepare(bad);
      const told = await varve([...args, '--progress', 'json']);
      assertTold(told, bad);
      const shown = await varve([...args, '--progress', 'plain']);
      assertShown(shown, bad);
      assertNothingLeft();
    });
  }

  test('after all of these the same store builds', async () => {
    const args = await prepare({
      name: 'good',
      dockerfile: 'FROM registry.test/busybox\nRUN echo good > /good\n',
      code: '',
    });
    const outcome = await varve(args);
    assert.equal(outcome.code, 0, transcript(outcome));
  });

  async function prepare(bad: BadBuild): Promise<string[]> {
    const name = bad.name.replaceAll(/\W+/g, '-');
    mkdirSync(bench.path(name), { recursive: true });
    await makeContext(undefined, bench.path(name, 'context'), bad.context ?? []);
    const dockerfile = bench.path(name, 'Dockerfile');
    writeFileSync(dockerfile, bad.dockerfile.replaceAll('registry.test', registry.host));
    const outputs = ['-o', `type=oci,dest=${bench.path('out')}`, '-t', `${registry.host}/out:bad`, '--push'];
    return [
      'build',
      bench.path(name, 'context'),
      '-f',
      dockerfile,
      ...(bad.flags ?? []),
      ...(bad.code === '' ? [] : outputs),
    ];
  }

  function assertNothingLeft(): void {
    assert.ok(!existsSync(bench.path('out')), 'an output was written');
    assert.ok(!existsSync(`${registry.folder}/docker/registry/v2/repositories/out/_manifests`), 'something was pushed');
    assert.deepEqual(mountsWith(bench.folder), []);
    assert.deepEqual(processesWith(varve.store), []);
  }
});

function assertTold(outcome: VarveOutcome, bad: BadBuild): void {
  assert.equal(outcome.code, 1, transcript(outcome));
  const errors = toldErrors(outcome);
  assert.equal(errors.length, 1, transcript(outcome));
  const [error] = errors;
  assert.match(error?.code ?? '', new RegExp(`^${bad.code}$`), transcript(outcome));
  assert.equal(error?.where?.line, bad.at?.line, transcript(outcome));
  if (bad.at?.column !== undefined) assert.equal(error?.where?.column, bad.at.column, transcript(outcome));
  if (bad.says !== undefined) assert.match(`${error?.message}\n${error?.hint}`, bad.says);
}

function assertShown(outcome: VarveOutcome, bad: BadBuild): void {
  assert.equal(outcome.code, 1, transcript(outcome));
  const heads = outcome.stderr.split('\n').filter(line => line.startsWith('error: '));
  assert.equal(heads.length, 1, transcript(outcome));
  assert.match(heads[0] ?? '', new RegExp(`\\[${bad.code}\\]$`));
  if (bad.at !== undefined) assert.match(outcome.stderr, new RegExp(`Dockerfile:${bad.at.line}:\\d+`));
  if (bad.says !== undefined) assert.match(outcome.stderr, bad.says);
  assert.doesNotMatch(outcome.stderr, /^\s+at .*\.js:\d+/m, 'a stack trace is shown');
}

/** An image for arm64 alone. */
async function pushElsewhere(bench: Workbench, registry: Registry): Promise<void> {
  const layout = bench.path('elsewhere');
  await copyImage(`oci:${await baseLayout('busybox')}:latest`, `oci:${layout}:x`);
  await must('umoci', ['config', '--image', `${layout}:x`, '--architecture', 'arm64', '--no-history']);
  await copyImage(`oci:${layout}:x`, `docker://${registry.host}/elsewhere:latest`);
}

/** An image whose layer has been altered in the registry's own storage. */
async function pushDamaged(bench: Workbench, registry: Registry): Promise<void> {
  const layout = bench.path('damaged');
  await must('umoci', ['init', '--layout', layout]);
  await must('umoci', ['new', '--image', `${layout}:x`]);
  mkdirSync(bench.path('content'));
  writeFileSync(bench.path('content/file'), 'x'.repeat(10_000));
  await must('tar', ['-cf', bench.path('damaged.tar'), '-C', bench.path('content'), '.']);
  await must('umoci', ['raw', 'add-layer', '--image', `${layout}:x`, bench.path('damaged.tar')]);
  await copyImage(`oci:${layout}:x`, `docker://${registry.host}/damaged:latest`);
  const manifest = JSON.parse(await must('skopeo', ['inspect', '--raw', `oci:${layout}:x`])) as {
    layers: { digest: string }[];
  };
  const hex = manifest.layers[0]?.digest.slice('sha256:'.length) ?? '';
  const blob = `${registry.folder}/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
  const bytes = readFileSync(blob);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 20) ^ 1, bytes.length - 20);
  writeFileSync(blob, bytes);
}
