import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mountsWith, processesWith, untilNone } from '../rig/leftovers.js';
import { need } from '../rig/need.js';
import { run } from '../rig/run.js';
import { transcript } from '../rig/varve.js';
import { type BuildSite, openBuildSite, secretText, wrongBlobs } from './build-site.js';

const skip = need('linux', 'root', 'registry', 'skopeo', 'umoci', 'busybox');

/**
 * A test that kills builds with SIGKILL at moments that a seed chooses (VARVE_TEST_SEED, else a new one, which is printed): the next build must
 * succeed, give the same image, and leave nothing of the dead one.
 */
export function killedBuilds(times: number): void {
  test(`${times} builds killed at random moments leave nothing, and the next build is fine`, {
    skip,
    timeout: times * 60_000,
  }, async t => {
    const seed = Number(process.env.VARVE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
    t.diagnostic(`VARVE_TEST_SEED=${seed}`);
    const random = mulberry32(seed);
    await using site = await openBuildSite('killed');
    const whole = await site.build(['--no-cache']);
    assert.equal(whole.code, 0, transcript(whole));
    for (let round = 0; round < times; round += 1) {
      const fresh = random() < 0.3;
      const moment = Math.round(random() * whole.milliseconds);
      await t.test(`killed after ${moment} ms${fresh ? ', with an empty store' : ''}`, async inner => {
        if (fresh) await site.varve(['cache', 'prune', '--all']);
        await killAfter(site, moment, inner);
        const next = await site.build();
        assert.equal(next.code, 0, transcript(next));
        assert.equal(next.stdout, whole.stdout, 'the next build gives another image');
        await assertClean(site);
      });
    }
  });
}

async function killAfter(site: BuildSite, moment: number, t: TestContext): Promise<void> {
  const ended = await site.build(['--no-cache', '-o', `type=oci,dest=${site.bench.path('out.tar')}`], {
    started: pid =>
      void sleep(moment).then(() => {
        try {
          process.kill(pid, 'SIGKILL');
        } catch (error) {
          assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
        }
      }),
  });
  if (ended.signal !== 'SIGKILL') t.diagnostic('the build was faster');
}

async function assertClean({ bench, varve: { store } }: BuildSite): Promise<void> {
  const beside = readdirSync(bench.path('')).filter(name => name.endsWith('.tmp'));
  assert.deepEqual(beside, [], 'half an output is left');
  assert.deepEqual(await untilNone(() => processesWith(store)), [], 'processes are left');
  assert.deepEqual(await untilNone(() => mountsWith(store)), [], 'mounts are left');
  for (const folder of ['scratch', 'ingest'])
    assert.deepEqual(readdirSync(join(store, folder)), [], `${folder} is not empty`);
  const named = readdirSync(store, { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    named.filter(name => /\.(?:tmp|making|new)$/.test(name)),
    [],
    'something is half done',
  );
  assert.deepEqual(wrongBlobs(store), [], 'blobs are damaged');
  const found = await run('grep', ['-rlaF', secretText, store]);
  assert.equal(found.stdout, '', 'the secret is on disk');
}

/** A small generator of numbers from 0 to 1, the same for the same seed (Tommy Ettinger's mulberry32). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
