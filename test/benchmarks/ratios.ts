import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { need, type Part } from '../rig/need.js';
import { inRepository } from '../rig/repository.js';
import { run } from '../rig/run.js';
import { transcript } from '../rig/varve.js';

/** Bars are stretched by this much: a machine of a CI has other things to do. */
const slack = 1.5;

interface Figure {
  readonly what: string;
  readonly value: number;
  readonly bar?: number;
}

interface Finding {
  readonly scenario: string;
  readonly figures: readonly Figure[];
}

/** Which scenarios of `npm run bench` are held to their bars, and how many rounds make a median. */
export interface RatioTest {
  readonly scenarios: readonly string[];
  readonly rounds: number;
  readonly peers: readonly ('buildah' | 'docker')[];
  /** What a scenario needs besides. */
  readonly needs?: readonly Part[];
}

/**
 * Tests that each scenario keeps to its bars, with half as much again, beside peers on this machine; one after the other. What misses is measured
 * once more before it counts: a machine may be busy for a minute.
 */
export function ratioTest({ scenarios, rounds, peers, needs = [] }: RatioTest): void {
  const skip = need('linux', 'root', 'registry', 'skopeo', 'umoci', 'busybox', 'mmdebstrap', ...peers, ...needs);
  const beside = peers.length === 0 ? '' : ` beside ${peers.join(' and ')}`;
  describe(`${scenarios.join(', ')}${beside}, with ${slack} times the bars`, { skip }, () => {
    const dir = mkdtempSync(join(tmpdir(), 'varve-ratios-'));
    after(() => rmSync(dir, { recursive: true, force: true }));
    const findings = new Map<string, readonly Figure[]>();
    const limit = scenarios.length * 240_000;

    async function measure(wanted: readonly string[]): Promise<void> {
      const json = join(dir, `${wanted}.json`);
      const flags = [
        `--rounds=${rounds}`,
        `--peers=${peers}`,
        `--only=${wanted}`,
        `--slack=${slack}`,
        `--json=${json}`,
      ];
      const bench = inRepository('benchmarks/dist/suite/bench.js');
      const outcome = await run(process.execPath, [bench, ...flags], { timeout: limit });
      assert.ok(existsSync(json), transcript(outcome));
      const report = JSON.parse(readFileSync(json, 'utf8')) as { readonly findings: readonly Finding[] };
      for (const { scenario, figures } of report.findings) findings.set(scenario, figures);
    }

    before(
      async () => {
        await measure(scenarios);
        const again = scenarios.filter(scenario => missedOf(findings.get(scenario)).length > 0);
        if (again.length > 0) await measure(again);
      },
      { timeout: 2 * limit },
    );

    for (const scenario of scenarios)
      test(scenario, t => {
        const figures = findings.get(scenario) ?? [];
        for (const { what, value, bar } of figures) t.diagnostic(`${what}: ${value.toFixed(2)}${shownBar(bar)}`);
        assert.ok(
          figures.some(({ bar }) => bar !== undefined),
          'there is nothing that it is held to',
        );
        assert.deepEqual(missedOf(figures), []);
      });
  });
}

function missedOf(figures: readonly Figure[] = []): readonly Figure[] {
  return figures.filter(({ value, bar }) => bar !== undefined && !(value <= bar * slack));
}

function shownBar(bar: number | undefined): string {
  return bar === undefined ? '' : `, at most ${(bar * slack).toFixed(2)}`;
}
