import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { need } from '../rig/need.js';
import { inRepository } from '../rig/repository.js';
import { type Outcome, run } from '../rig/run.js';
import { transcript } from '../rig/varve.js';

/** Bars are stretched by this much: a machine of a CI has other things to do. */
const slack = 1.5;

interface Finding {
  readonly scenario: string;
  readonly figures: readonly { readonly what: string; readonly value: number; readonly bar?: number }[];
}

/** Which scenarios of `npm run bench` are held to their bars, and how many rounds make a median. */
export interface RatioTest {
  readonly scenarios: readonly string[];
  readonly rounds: number;
  readonly peers: readonly ('buildah' | 'docker')[];
}

/** Tests that each scenario keeps to its bars, with half as much again, beside peers on this machine; one after the other, in one run. */
export function ratioTest({ scenarios, rounds, peers }: RatioTest): void {
  const skip = need('linux', 'root', 'registry', 'skopeo', 'umoci', 'busybox', 'mmdebstrap', ...peers);
  describe(`speed and memory${peers.length === 0 ? '' : ` beside ${peers.join(' and ')}`}, with ${slack} times the bars`, {
    skip,
  }, () => {
    const dir = mkdtempSync(join(tmpdir(), 'varve-ratios-'));
    const json = join(dir, 'findings.json');
    let outcome: Outcome;
    const limit = scenarios.length * 240_000;
    before(
      async () => {
        const flags = [`--rounds=${rounds}`, `--peers=${peers}`, `--only=${scenarios}`, `--slack=${slack}`];
        const bench = inRepository('benchmarks/dist/suite/bench.js');
        outcome = await run(process.execPath, [bench, ...flags, `--json=${json}`], { timeout: limit - 5000 });
      },
      { timeout: limit },
    );
    after(() => rmSync(dir, { recursive: true, force: true }));

    for (const scenario of scenarios)
      test(scenario, t => {
        assert.ok(existsSync(json), transcript(outcome));
        const { findings } = JSON.parse(readFileSync(json, 'utf8')) as { readonly findings: readonly Finding[] };
        const figures = findings.find(finding => finding.scenario === scenario)?.figures ?? [];
        for (const { what, value, bar } of figures)
          t.diagnostic(
            `${what}: ${value.toFixed(2)}${bar === undefined ? '' : `, at most ${(bar * slack).toFixed(2)}`}`,
          );
        assert.ok(
          figures.some(({ bar }) => bar !== undefined),
          'there is nothing that it is held to',
        );
        assert.deepEqual(
          figures.filter(({ value, bar }) => bar !== undefined && !(value <= bar * slack)),
          [],
        );
      });
  });
}
