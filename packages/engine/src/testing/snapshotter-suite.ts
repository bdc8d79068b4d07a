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
  /**
   * Names of cases that this snapshotter fails, and says so. An exact one has none. They are tried all the same: a list that names one
   * which passes everywhere is wrong.
   */
  readonly fails?: readonly string[];
  /**
   * What random steps leave out, because this snapshotter makes something else of it; `alone`: steps may lead to another tree here than in a
   * plain folder; `false`: no random steps.
   */
  readonly random?: { readonly without?: readonly DeedKind[]; readonly alone?: boolean } | false;
  /** Where cases run: in the folder for temporary files, on tmpfs, or (the default) on both. Large ones run by default alone. */
  readonly on?: 'disk' | 'tmpfs';
  /** Why this snapshotter cannot be tried here. */
  readonly skip?: string | false;
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
 * what is on disk, in path order, with nothing that did not change; a second look finds nothing. Random steps give the layers that comparing
 * everything gives. Every case runs in the folder for temporary files and on tmpfs, but for large ones.
 */
export function snapshotterSuite(
  name: string,
  factory: () => Snapshotter | Promise<Snapshotter>,
  options: SnapshotterSuiteOptions = {},
): void {
  const { fails = [], random = {}, on, skip = false } = options;
  const unknown = fails.filter(failing => !allCases.some(({ name }) => name === failing));
  if (unknown.length > 0) throw new Error(`no such case: ${unknown.join(', ')}`);
  const tried = places(on);
  for (const [type, parent] of tried) {
    describe(`${name} on ${type}`, { skip }, () => {
      for (const given of allCases.filter(({ name }) => !fails.includes(name))) {
        if (given.isLarge && (on !== undefined || parent !== [...tried.values()].at(-1))) continue;
        it(given.name, { timeout: 600_000 }, context => runCase(context, factory, parent, given));
      }
      if (random === false) return;
      const runs = propertyRuns();
      it(`any steps, as told by comparing everything (seed ${runs.seed})`, async () =>
        checkProperty(await factory(), parent, { without: [], ...random, ...runs }));
    });
  }
  for (const failing of allCases.filter(({ name }) => fails.includes(name)))
    it(`${name} fails somewhere, as it says: ${failing.name}`, { skip }, context =>
      failsSomewhere(context, factory, { tried, isGivenPlace: on !== undefined }, failing),
    );
}

/** Some cases are only failed on one kind of file system, so it takes both to tell that a case is not failed. */
async function failsSomewhere(
  context: TestContext,
  factory: () => Snapshotter | Promise<Snapshotter>,
  { tried, isGivenPlace }: { readonly tried: ReadonlyMap<string, string>; readonly isGivenPlace: boolean },
  given: SnapshotCase,
): Promise<void> {
  if (tried.size === 0) return context.skip('there is no such place');
  for (const parent of tried.values()) {
    try {
      await runCase(context, factory, parent, given);
    } catch {
      return;
    }
  }
  if (tried.size > 1 || isGivenPlace)
    assert.fail('it passes everywhere: the list of what this snapshotter fails is wrong');
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
  for await (const _ of rig.root.capture([], AbortSignal.timeout(300_000)));
  await rig.root.beforeRun();
}

function shown(change: Change): string {
  return `${change.kind} ${change.path === '' ? '.' : change.path}`;
}

/** Folders to try on, by the type of their file system. */
function places(on: SnapshotterSuiteOptions['on']): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const parent of on === undefined ? [tmpdir(), '/dev/shm'] : [on === 'disk' ? tmpdir() : '/dev/shm']) {
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
