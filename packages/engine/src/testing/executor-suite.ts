import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Executor } from '../plugin/executor.js';
import { confinementCases } from './executor/confinement-cases.js';
import { identityCases } from './executor/identity-cases.js';
import { lifeCases } from './executor/life-cases.js';
import { mountCases } from './executor/mount-cases.js';
import { outputCases } from './executor/output-cases.js';
import { findStaticBusybox, makeWorld } from './executor/world.js';

/**
 * Makes the executor under test.
 * @param scratchDir a folder for what its steps need while they run; the suite checks that nothing stays there
 */
export type ExecutorFactory = (scratchDir: string) => Executor | Promise<Executor>;

export interface ExecutorSuiteOptions {
  /** Why the executor cannot be tried on this machine; all cases are skipped with it. */
  readonly skip?: string | undefined;
  /** Titles of cases that are left out, for an executor that isolates less than fully: what it lacks, and says so. */
  readonly lacks?: readonly string[];
}

const groups = {
  'who it is and how it ends': identityCases,
  output: outputCases,
  confinement: confinementCases,
  mounts: mountCases,
  'life and death': lifeCases,
} as const;

/**
 * The conformance suite for executors: one with isolation `full` leaves out nothing. Registers its cases with node:test. Steps run in a root made of a static
 * busybox (Debian's busybox-static); where there is none, or the process is not root, the cases are skipped and say so.
 */
export function executorSuite(name: string, factory: ExecutorFactory, options: ExecutorSuiteOptions = {}): void {
  const busybox = findStaticBusybox();
  const skip = options.skip ?? (busybox === undefined ? 'needs a static busybox (busybox-static)' : needsRoot());
  const { lacks = [] } = options;
  const titles = Object.values(groups).flatMap(cases => cases.map(([title]) => title));
  const unknown = lacks.filter(title => !titles.includes(title));
  if (unknown.length > 0) throw new Error(`no case is called ${unknown.join(', ')}`);
  describe(`executor ${name}`, { skip: skip ?? false }, () => {
    for (const [group, cases] of Object.entries(groups)) {
      describe(group, () => {
        for (const [title, run] of cases.filter(([each]) => !lacks.includes(each))) {
          it(title, { timeout: 60_000 }, async ({ signal }) => {
            const scratchDir = mkdtempSync(join(tmpdir(), 'varve-executor-scratch-'));
            try {
              using world = makeWorld({ executor: await factory(scratchDir), scratchDir, signal }, busybox ?? '');
              await run(world);
            } finally {
              rmSync(scratchDir, { recursive: true, force: true });
            }
          });
        }
      });
    }
  });
}

function needsRoot(): string | undefined {
  return process.geteuid?.() === 0 ? undefined : 'needs root';
}
