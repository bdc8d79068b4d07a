import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { openDirectoryRoot } from '../../kit/directory-root.js';
import { treeOfFolder } from '../../kit/scan-folder.js';
import { TocCollector } from '../../layer/toc.js';
import { writeLayerTar } from '../../layer/write/write-layer-tar.js';
import type { FileEntry } from '../../model/file-entry.js';
import type { Snapshotter, StageRoot } from '../../plugin/snapshotter.js';
import { applyToc, emptyTree, type Tree } from '../../tree/index.js';
import { type Deed, type DeedKind, doStep, randomSteps } from './deeds.js';
import { Random } from './random.js';

type Steps = readonly (readonly Deed[])[];

/** How often, from which seed on, and what steps leave out. */
export interface PropertyOptions {
  readonly runs: number;
  readonly seed: number;
  readonly without: readonly DeedKind[];
}

/** `VARVE_PROPERTY_RUNS` and `VARVE_PROPERTY_SEED`; without the latter another seed every time. */
export function propertyRuns(): Pick<PropertyOptions, 'runs' | 'seed'> {
  const { VARVE_PROPERTY_RUNS: runs = '200', VARVE_PROPERTY_SEED: seed } = process.env;
  return { runs: Number(runs), seed: seed === undefined ? Date.now() % 0x7fffffff : Number(seed) };
}

/** Reads every content and trusts nothing: whoever is exact tells what this one tells. */
const reference: Snapshotter = {
  open: request => openDirectoryRoot(request, { content: 'all', hash: 'sha256', threads: 1 }),
};

/**
 * Random steps on an empty root: the changes of each lead from the tree before to what is on disk, and its layer is, byte for byte, that
 * of a snapshotter that reads everything. Fails with the fewest deeds that still fail, and with the seed that leads to them.
 */
export async function checkProperty(
  snapshotter: Snapshotter,
  parent: string,
  { runs, seed, without }: PropertyOptions,
): Promise<void> {
  for (let run = 0; run < runs; run++) {
    const steps = randomSteps(new Random(seed + run), without);
    const failure = await failureOf(snapshotter, parent, steps);
    if (failure === undefined) continue;
    const { fewest, reason } = await shrink(steps, failure, fewer => failureOf(snapshotter, parent, fewer));
    const again = `VARVE_PROPERTY_SEED=${seed + run} VARVE_PROPERTY_RUNS=1 shows it again`;
    throw new Error(`run ${run + 1} of ${runs} failed; ${again}. Steps:\n${shown(fewest)}`, { cause: reason });
  }
}

async function failureOf(snapshotter: Snapshotter, parent: string, steps: Steps): Promise<unknown> {
  try {
    const [told, expected] = [await layersOf(snapshotter, parent, steps), await layersOf(reference, parent, steps)];
    assert.deepEqual(told, expected, 'layers differ from those of a snapshotter that reads everything');
    return undefined;
  } catch (error) {
    return error ?? new Error('failed with nothing');
  }
}

/** Leaves out one deed after the other, as long as it still fails. */
async function shrink(
  steps: Steps,
  failure: unknown,
  failureOf: (steps: Steps) => Promise<unknown>,
): Promise<{ readonly fewest: Steps; readonly reason: unknown }> {
  let [fewest, reason] = [steps, failure];
  for (let step = 0; step < steps.length; step++) {
    for (let at = (fewest[step]?.length ?? 0) - 1; at >= 0; at--) {
      const fewer = fewest.map((deeds, i) => (i === step ? deeds.toSpliced(at, 1) : deeds));
      const still = await failureOf(fewer);
      if (still !== undefined) [fewest, reason] = [fewer, still];
    }
  }
  return { fewest, reason };
}

function shown(steps: Steps): string {
  return steps.map((deeds, i) => `${i}: ${deeds.map(deed => JSON.stringify(deed)).join('\n   ')}`).join('\n');
}

/** Does the steps on a root of its own; gives the digest of each step's layer. */
async function layersOf(snapshotter: Snapshotter, parent: string, steps: Steps): Promise<readonly string[]> {
  const folder = mkdtempSync(`${parent}/varve-property-`);
  try {
    const request = { dir: folder, canChown: process.getuid?.() === 0 };
    await using root = await snapshotter.open(request, AbortSignal.timeout(60_000));
    const digests: string[] = [];
    let tree = emptyTree();
    for (const [i, deeds] of steps.entries()) {
      await root.beforeRun();
      doStep(root.dir, deeds, i);
      const { digest, after } = await captureLayer(root, tree);
      assert.deepEqual(facts(after), facts(treeOfFolder(root.dir)), `step ${i} does not lead to what is on disk`);
      tree = after;
      digests.push(digest);
    }
    return digests;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function captureLayer(root: StageRoot, before: Tree): Promise<{ readonly digest: string; readonly after: Tree }> {
  const hash = createHash('sha256');
  const visitor = new TocCollector();
  const ancestor = (path: string): FileEntry | undefined => root.entry(path);
  const changes = root.capture([], AbortSignal.timeout(60_000));
  for await (const chunk of writeLayerTar(changes, { ancestor, visitor })) hash.update(chunk);
  return { digest: hash.digest('hex'), after: applyToc(before, visitor.toc()) };
}

function facts(tree: Tree): readonly unknown[] {
  return [...tree.walk()].map(({ path, entry: { linkGroup: _, ...entry } }) => ({
    path,
    ...entry,
    peers: tree.linkPeers(path),
  }));
}
