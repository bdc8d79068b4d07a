import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileIgnore } from '../src/ignore/matcher.js';
import type { IgnoreScope } from '../src/ignore/scope.js';
import { parseDockerfile } from '../src/parse.js';

/**
 * The limits that the benchmarks show on a quiet machine (100 ms, 15 %), with slack for a busy one: what these
 * tests are to notice is work that grows faster than the input.
 */

/** The least processor time of some rounds, in milliseconds: other processes count for less than with a clock. */
function bestOf(rounds: number, run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const begun = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(begun);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

test('10,000 lines parse quickly', t => {
  const block = [
    'FROM debian:bookworm AS stage',
    'ENV PATH=/opt/bin:$PATH LANG="C.UTF-8"',
    'RUN --mount=type=cache,target=/var/cache apt-get update && \\',
    '    # a comment',
    '    apt-get install -y curl',
    'COPY --chown=1:1 --link a b /app/',
    'COPY <<EOF /etc/x',
    'a = $b',
    'EOF',
    'CMD ["/bin/tool", "--config"]\n',
  ].join('\n');
  const text = block.repeat(1000);
  assert.equal(text.split('\n').length, 10_001);
  const best = bestOf(8, () => parseDockerfile(text));
  t.diagnostic(`${best.toFixed(0)} ms`);
  assert.ok(best < 300, `${best} ms`);
});

test('a long line takes time in proportion to its length', t => {
  const time = (words: number): number =>
    bestOf(3, () => parseDockerfile(`FROM a\nCOPY ${'x '.repeat(words)}/y\nRUN ${'a \\\n'.repeat(words)} b`));
  const small = time(4000);
  const large = time(40_000);
  t.diagnostic(`${small} ms, ten times as long ${large} ms`);
  assert.ok(large < 30 * small + 100, `${small} ms, ten times as long ${large} ms`);
});

function walk(directory: string, scope: IgnoreScope | undefined): number {
  let count = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) {
      const below = scope?.enter(entry.name);
      if (below === undefined || below.mayKeep) count += walk(path, below);
    } else if (!scope?.ignores(entry.name)) {
      lstatSync(path, { bigint: true });
      count++;
    }
  }
  return count;
}

test('20 ignore patterns add little to walking', t => {
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'varve-walk-'));
  try {
    for (let directory = 0; directory < 100; directory++) {
      const path = join(root, `d${directory % 10}`, `e${directory}`);
      mkdirSync(path, { recursive: true });
      for (let file = 0; file < 100; file++) writeFileSync(join(path, `file${file}.ts`), '');
    }
    const plain = ['a', 'b/c', '/d', '*.log', 'e/*.md', 'f/**', 'g?', '[hi]', 'k*/l', 'm/n/o', 'p', 'q', 'r/s', '!t'];
    const deep = ['**/.git', '**/node_modules', '**/*.tmp', '**/*.sw[op]', '**/x/y', '**/dist'];
    const { root: scope, patterns } = compileIgnore([...plain, ...deep].join('\n'));
    assert.equal(patterns.length, 20);
    assert.equal(walk(root, scope), 10_000);
    let without = Number.POSITIVE_INFINITY;
    let withPatterns = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 12; round++) {
      without = Math.min(
        without,
        bestOf(1, () => walk(root, undefined)),
      );
      withPatterns = Math.min(
        withPatterns,
        bestOf(1, () => walk(root, scope)),
      );
    }
    t.diagnostic(`${withPatterns.toFixed(1)} ms, without patterns ${without.toFixed(1)} ms`);
    assert.ok(withPatterns < without * 1.5, `${withPatterns} ms, without patterns ${without} ms`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
