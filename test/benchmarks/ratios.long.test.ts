import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { need } from '../rig/need.js';
import { inRepository } from '../rig/repository.js';
import { run } from '../rig/run.js';

/** Bars are stretched by this much: a machine of a CI has other things to do. */
const slack = 1.5;
const scenarios = ['base-there', 'cached', 'many-files', 'many-files-cached', 'registry-cache', 'stages', 'rung-4'];

const skip = need(
  'linux',
  'root',
  'registry',
  'skopeo',
  'umoci',
  'busybox',
  'mmdebstrap',
  'buildah',
  'docker',
  'patchelf',
  'git',
  'ssh',
  'zstd',
);

interface Finding {
  readonly scenario: string;
  readonly figures: readonly { readonly what: string; readonly value: number; readonly bar?: number }[];
}

describe(`speed beside Buildah, with ${slack} times the bars`, { skip }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'varve-ratios-'));
  after(() => rmSync(dir, { recursive: true, force: true }));

  for (const scenario of scenarios)
    test(scenario, { timeout: 600_000 }, async t => {
      const json = join(dir, `${scenario}.json`);
      const flags = ['--rounds=3', '--peers=buildah', `--only=${scenario}`, `--slack=${slack}`, `--json=${json}`];
      const outcome = await run(process.execPath, [inRepository('benchmarks/dist/suite/bench.js'), ...flags], {
        timeout: 580_000,
      });
      t.diagnostic(outcome.stdout);
      const { findings } = JSON.parse(readFileSync(json, 'utf8')) as { readonly findings: readonly Finding[] };
      assert.deepEqual(
        findings.map(finding => finding.scenario),
        [scenario],
      );
      const missed = findings.flatMap(({ figures }) =>
        figures.filter(({ value, bar }) => bar !== undefined && value > bar * slack),
      );
      assert.deepEqual(missed, [], outcome.stdout);
      assert.equal(outcome.code, 0, outcome.stderr);
    });
});
