import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { pushBases } from '../rig/bases.js';
import { toldErrors } from '../rig/build-events.js';
import { need } from '../rig/need.js';
import { type Registry, startRegistry } from '../rig/registry.js';
import { must } from '../rig/run.js';
import { transcript, type Varve, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need('linux', 'root', 'registry', 'skopeo', 'umoci', 'busybox');
const megabyte = 1 << 20;

describe('a store on a full disk', { skip }, () => {
  let bench: Workbench;
  let registry: Registry;
  let varve: Varve;

  before(async () => {
    bench = openWorkbench('full');
    registry = await startRegistry(bench);
    await pushBases(registry, ['busybox']);
    mkdirSync(bench.path('store'));
    await must('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'varve-test-full', bench.path('store')]);
    varve = varveWith(bench.path('store'));
    mkdirSync(bench.path('context'));
  });
  after(() => bench?.close());

  async function build(dockerfile: string, by = varve): ReturnType<Varve> {
    writeFileSync(bench.path('Dockerfile'), `FROM ${registry.host}/busybox\n${dockerfile}`);
    const flags = ['-f', bench.path('Dockerfile'), '--progress', 'json', '-o', `type=oci,dest=${bench.path('out')}`];
    return by(['build', bench.path('context'), ...flags]);
  }

  function assertTold(outcome: Awaited<ReturnType<Varve>>): void {
    assert.equal(outcome.code, 1, transcript(outcome));
    assert.deepEqual(
      toldErrors(outcome).map(({ code }) => code),
      ['E_STORE_FULL'],
      transcript(outcome),
    );
    assert.ok(!existsSync(bench.path('out')), 'an output was written');
  }

  function assertFull(outcome: Awaited<ReturnType<Varve>>): void {
    assertTold(outcome);
    const { bavail, bsize } = statfsSync(bench.path('store'));
    assert.ok(bavail * bsize > 4 * megabyte, `only ${bavail * bsize} bytes are free again`);
  }

  test('a COPY that does not fit: one clear error, what was begun is removed', async () => {
    writeFileSync(bench.path('context/large'), randomBytes(20 * megabyte));
    assertFull(await build('COPY large /large\n'));
    rmSync(bench.path('context/large'));
  });

  test('what a RUN leaves does not fit: an error, and room again', async () => {
    const outcome = await build('RUN dd if=/dev/urandom of=/large bs=1M count=20\n');
    assert.equal(outcome.code, 1, transcript(outcome));
    assert.equal(toldErrors(outcome).length, 1, transcript(outcome));
    assert.match(toldErrors(outcome)[0]?.code ?? '', /^E_(STORE_FULL|STEP_FAILED)$/);
    assert.ok(!existsSync(bench.path('out')));
  });

  test('a small build in the same store works then', async () => {
    writeFileSync(bench.path('context/small'), 'small');
    const outcome = await build('COPY small /small\nRUN test -s /small\n');
    assert.equal(outcome.code, 0, transcript(outcome));
    rmSync(bench.path('out'), { recursive: true });
  });

  test('a new store where next to nothing is free: one clear error', async () => {
    const ballast = bench.path('store/ballast');
    const { bavail, bsize } = statfsSync(bench.path('store'));
    writeFileSync(ballast, Buffer.alloc(bavail * bsize));
    for (const free of [0, 4096, 20480, 40960]) {
      truncateSync(ballast, bavail * bsize - free);
      assertTold(await build('COPY small /small\n', varveWith(bench.path('store/another'))));
      rmSync(bench.path('store/another'), { recursive: true });
    }
    rmSync(ballast);
  });
});
