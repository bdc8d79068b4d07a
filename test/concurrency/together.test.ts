import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { stepsThatRan } from '../rig/build-events.js';
import { need } from '../rig/need.js';
import { transcript, type VarveOutcome } from '../rig/varve.js';
import { type BuildSite, openBuildSite, wrongBlobs } from './build-site.js';

const skip = need('linux', 'root', 'registry', 'skopeo', 'umoci', 'busybox');

describe('builds that share a store at the same time', { skip }, () => {
  let site: BuildSite;
  before(async () => {
    site = await openBuildSite('together');
  });
  after(() => site?.close());

  const fine = (outcomes: readonly VarveOutcome[]): void => {
    for (const outcome of outcomes) assert.equal(outcome.code, 0, transcript(outcome));
  };

  test('do each step once, and give one image though its steps are different each time', {
    timeout: 300_000,
  }, async () => {
    const file = site.bench.path('Dockerfile.random');
    const { registry } = site;
    writeFileSync(
      file,
      `FROM ${registry}/busybox AS one
RUN head -c 100 /dev/urandom > /one
RUN sleep 0.5; head -c 100 /dev/urandom > /two
FROM ${registry}/busybox
RUN head -c 100 /dev/urandom > /three; sleep 0.3
COPY --from=one /one /two /
RUN head -c 100 /dev/urandom > /four
`,
    );
    const outcomes = await Promise.all(
      [1, 2, 3].map(() => site.varve(['build', site.bench.path('context'), '-f', file, '--progress', 'json'])),
    );
    fine(outcomes);
    assert.equal(new Set(outcomes.map(({ stdout }) => stdout)).size, 1, 'the images differ');
    assert.deepEqual(outcomes.flatMap(stepsThatRan).sort(), [
      '[one 2/3] RUN head -c 100 /dev/urandom > /one',
      '[one 3/3] RUN sleep 0.5; head -c 100 /dev/urandom > /two',
      '[stage-1 2/4] RUN head -c 100 /dev/urandom > /three; sleep 0.3',
      '[stage-1 3/4] COPY --from=one /one /two /',
      '[stage-1 4/4] RUN head -c 100 /dev/urandom > /four',
    ]);
  });

  test('with --no-cache each do their own work, and do not disturb each other', { timeout: 400_000 }, async () => {
    const outcomes = await Promise.all([1, 2].map(() => site.build(['--no-cache'])));
    fine(outcomes);
    assert.equal(outcomes[0]?.stdout, outcomes[1]?.stdout);
    assert.deepEqual(wrongBlobs(site.varve.store), []);
  });

  test('are not broken by prunes in between', { timeout: 600_000 }, async () => {
    const whole = await site.build();
    fine([whole]);
    for (let round = 0; round < 2; round += 1) {
      fine([await site.varve(['cache', 'prune', '--all'])]);
      let running = true;
      const builds = Promise.all([site.build(), site.build()]).finally(() => {
        running = false;
      });
      while (running)
        for (const flags of [['--all'], ['--max-size', '1'], ['--older-than', '0s'], []])
          if (running) fine([await site.varve(['cache', 'prune', ...flags])]);
      const outcomes = await builds;
      fine(outcomes);
      for (const { stdout } of outcomes) assert.equal(stdout, whole.stdout);
    }
    assert.deepEqual(wrongBlobs(site.varve.store), []);
  });

  test('go on where the one that does the work is killed', { timeout: 400_000 }, async () => {
    const file = site.bench.path('Dockerfile.slow');
    const { registry } = site;
    writeFileSync(file, `FROM ${registry}/busybox\nRUN echo has-begun; sleep 2; echo ${Date.now()} > /done\n`);
    const args = ['build', site.bench.path('context'), '-f', file, '--progress', 'plain'];
    let second: Promise<VarveOutcome> | undefined;
    let pid = 0;
    const first = await site.varve(args, {
      started: id => {
        pid = id;
      },
      onStderr: piece => {
        if (second !== undefined || !/^(?!.*RUN).*has-begun/m.test(piece)) return;
        second = site.varve(args, {
          onStderr: text => {
            if (text.includes('wait for another build')) process.kill(pid, 'SIGKILL');
          },
        });
      },
    });
    assert.equal(first.signal, 'SIGKILL', transcript(first));
    const other = await (second as Promise<VarveOutcome>);
    fine([other]);
    assert.match(other.stderr, /wait for another build that runs .*\n(.*\n)*.*DONE/);
  });
});
