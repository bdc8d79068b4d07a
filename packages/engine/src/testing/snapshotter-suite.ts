import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, it, type TestContext } from 'node:test';
import type { Change } from '../model/change.js';
import type { Snapshotter } from '../plugin/snapshotter.js';
import { fileSystemType } from '../sys/index.js';
import { usualBase } from './snapshotter/base-files.js';
import type { SnapshotCase } from './snapshotter/case.js';
import { contentCases } from './snapshotter/content-cases.js';
import type { DeedKind } from './snapshotter/deeds.js';
import { linkCases } from './snapshotter/link-cases.js';
import { metadataCases } from './snapshotter/metadata-cases.js';
import { oddCases } from './snapshotter/odd-cases.js';
import { checkProperty, propertyRuns } from './snapshotter/property.js';
import { SnapshotRig } from './snapshotter/rig.js';
import { structureCases } from './snapshotter/structure-cases.js';

export interface SnapshotterSuiteOptions {
  /** Names of cases that this snapshotter cannot pass, and says so: they are left out. An exact one has none. */
  readonly skip?: readonly string[];
  /** What random steps leave out, because this snapshotter makes something else of it; `false`: no such steps. An exact one has none. */
  readonly random?: { readonly without: readonly DeedKind[] } | false;
}

const allCases: readonly SnapshotCase[] = [
  ...contentCases,
  ...metadataCases,
  ...linkCases,
  ...structureCases,
  ...oddCases,
];

/**
 * Conformance of a snapshotter, as tests of node:test: whatever a step does to a root, the changes that are told lead from the tree before to
 * what is on disk, in path order, with nothing that did not change; a second look finds nothing. Random steps give the same layers as a snapshotter
 * that reads everything. Every case runs in the folder
 * for temporary files and on tmpfs.
 */
export function snapshotterSuite(
  name: string,
  factory: () => Snapshotter | Promise<Snapshotter>,
  options: SnapshotterSuiteOptions = {},
): void {
  const unknown = (options.skip ?? []).filter(skipped => !allCases.some(({ name }) => name === skipped));
  if (unknown.length > 0) throw new Error(`no such case: ${unknown.join(', ')}`);
  for (const [type, parent] of places()) {
    describe(`${name} on ${type}`, () => {
      for (const given of allCases) {
        if (options.skip?.includes(given.name)) continue;
        it(given.name, { timeout: 120_000 }, context => runCase(context, factory, parent, given));
      }
      const { random = { without: [] } } = options;
      if (random === false) return;
      const runs = propertyRuns();
      it(`any steps, as told by a snapshotter that reads everything (seed ${runs.seed})`, async () =>
        checkProperty(await factory(), parent, { ...runs, ...random }));
    });
  }
}

async function runCase(
  context: TestContext,
  factory: () => Snapshotter | Promise<Snapshotter>,
  parent: string,
  given: SnapshotCase,
): Promise<void> {
  await using rig = await SnapshotRig.open(await factory(), parent, given.base ?? usualBase);
  const reason = given.unless?.(rig);
  if (reason !== undefined) return context.skip(reason);
  if (given.unless !== undefined) await settle(rig);
  await given.act(rig);
  if (given.expect !== undefined) assert.deepEqual((await rig.capture(given.ignore)).map(shown), given.expect);
  assert.deepEqual((await rig.capture(given.ignore)).map(shown), [], 'a second look finds more');
}

/** What trying something left behind becomes part of the baseline. */
async function settle(rig: SnapshotRig): Promise<void> {
  for await (const _ of rig.root.capture([], AbortSignal.timeout(60_000)));
  await rig.root.beforeRun();
}

function shown(change: Change): string {
  return `${change.kind} ${change.path === '' ? '.' : change.path}`;
}

/** Folders to try on, by the type of their file system. */
function places(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const parent of [tmpdir(), '/dev/shm']) {
    try {
      rmSync(mkdtempSync(`${parent}/varve-suite-`), { recursive: true });
      const type = fileSystemType(parent);
      if (!found.has(type)) found.set(type, parent);
    } catch {
      // Not there, or not ours to write to.
    }
  }
  return found;
}
