import assert from 'node:assert/strict';
import { existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { benchSnapshots, type SnapshotBenchOptions } from '../src/inspect/bench-snapshot.js';
import { adviceOf, type BenchedStrategy, type SnapshotBench } from '../src/inspect/snapshot-bench.js';
import { codeOf } from '../src/model/error.js';
import { findProgram } from '../src/sys/find-program.js';

const ids = ['full', 'mtime'] as const;

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return 'only root can open roots of its own';
  if (findProgram('unshare', process.env) === undefined) return 'there is no unshare';
  return plugins().length === ids.length ? false : 'no snapshotter is built';
}

/** The snapshotters that come with the command line, where the repository has them built. */
function plugins(): NonNullable<SnapshotBenchOptions['bundled']> {
  return ids.flatMap(id => {
    const url = import.meta.resolve(`@varve/plugin-snapshot-${id}`);
    return existsSync(fileURLToPath(url)) ? [{ url, provides: [{ slot: 'snapshotter', id } as const] }] : [];
  });
}

describe('a comparison of snapshotters', { skip: whyNot() }, () => {
  const dir = mkdtempSync(`${tmpdir()}/varve-bench-`);
  after(() => rmSync(dir, { recursive: true }));
  mkdirSync(`${dir}/root/etc`, { recursive: true });
  for (let i = 0; i < 200; i++) writeFileSync(`${dir}/root/etc/${i}`, `file ${i}`);
  linkSync(`${dir}/root/etc/0`, `${dir}/root/etc/linked`);
  const options = {
    store: `${dir}/store`,
    cwd: dir,
    env: process.env,
    subject: { rootfs: 'root' },
    bundled: plugins(),
  } as const;

  it('measures each one, tells where they disagree, and leaves no root behind', async () => {
    const told: string[] = [];
    const bench = await benchSnapshots({ ...options, progress: what => void told.push(what) });
    assert.equal(bench.subject.entries, 203);
    assert.equal(bench.subject.bytes, 10 * 6 + 90 * 7 + 100 * 8);
    assert.deepEqual(told.slice(-2), ['full', 'mtime']);
    for (const { id, diffs, peakMemory, ready } of bench.strategies) {
      const counts = diffs.map(({ what, found }) => `${what} ${found}`);
      assert.deepEqual(counts, ['nothing 0', 'few 10', 'many 20', id === 'full' ? 'hidden 10' : 'hidden 0']);
      assert.ok(peakMemory > 20e6 && ready > 0);
    }
    const [found, ...more] = bench.disagreements;
    assert.deepEqual(more, []);
    assert.deepEqual(found?.counts, [10, 0]);
    assert.match(found?.examples[0] ?? '', /^write etc\/\d+$/);
    assert.match(bench.advice.join('\n'), /^Use full.*\n(.*\n)*mtime is .* misses edits/);
    assert.deepEqual(readdirSync(`${dir}/store/scratch`), []);
  });

  it('refuses what is not there', async () => {
    const failing = async (more: Partial<SnapshotBenchOptions>, code: string): Promise<void> =>
      assert.rejects(benchSnapshots({ ...options, ...more }), error => codeOf(error) === code);
    await failing({ subject: { rootfs: 'nowhere' } }, 'E_CONTEXT_NOT_FOUND');
    await failing({ subject: { image: './nowhere' } }, 'E_IMAGE_UNKNOWN');
    // Told before anything is measured.
    const progress = (): void => assert.fail('something was begun');
    await failing({ strategies: ['full', 'none'], progress }, 'E_NO_PROVIDER');
    await failing({ run: 'true', strategies: ['full'] }, 'E_STEP_FAILED');
  });
});

describe('advice', () => {
  const strategy = (id: string, few: number, fidelity: 'exact' | 'heuristic' = 'exact'): BenchedStrategy => ({
    id,
    fidelity,
    ready: 100,
    baseline: 10,
    peakMemory: 1,
    diffs: [{ what: 'few', files: 10, prepare: 0, find: few, bytesRead: 0, found: 10 }],
  });
  const bench = (...strategies: readonly BenchedStrategy[]): Omit<SnapshotBench, 'advice'> => ({
    subject: { name: 'x', entries: 1, bytes: 1, fileSystem: 'ext4' },
    unpacking: 100,
    strategies,
    disagreements: [],
  });

  it('names the exact strategy that finds few changes soonest', () => {
    const [first, second] = adviceOf(bench(strategy('full', 50), strategy('overlay', 2)));
    assert.equal(first, 'Use overlay: it finds what a small RUN changed in 2.0 ms, 25.0 times as fast as full.');
    assert.equal(second, 'The exact strategies agree on every change.');
    assert.match(adviceOf(bench({ ...strategy('full', 1), unusable: 'no' }))[0] ?? '', /^No exact strategy/);
  });

  it('calls exact strategies that disagree a bug, and counts a heuristic one for what it saves', () => {
    const lines = adviceOf({
      ...bench(strategy('full', 50), strategy('overlay', 2), strategy('mtime', 0.5, 'heuristic')),
      disagreements: [{ what: 'few', between: ['full', 'overlay'], counts: [1, 2], examples: [] }],
    });
    assert.match(lines[1] ?? '', /full and overlay are exact and yet do not agree/);
    assert.match(lines[2] ?? '', /^mtime is 4.0 times as fast: there is little reason/);
  });
});
