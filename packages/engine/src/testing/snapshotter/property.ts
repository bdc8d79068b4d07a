import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { Readable } from 'node:stream';
import { treeOfFolder } from '../../kit/scan-folder.js';
import { TocCollector } from '../../layer/toc.js';
import { writeLayerTar } from '../../layer/write/write-layer-tar.js';
import type { FileEntry } from '../../model/file-entry.js';
import type { LayerToc } from '../../model/toc.js';
import type { LayerInput, Snapshotter, StageRoot } from '../../plugin/snapshotter.js';
import { applyToc, emptyTree, type Tree } from '../../tree/index.js';
import { type Deed, type DeedKind, doStep, randomSteps } from './deeds.js';
import { longest } from './place.js';
import { Random } from './random.js';
import { changesBetween, emptyFolder, type RecordedFolder, recordFolder } from './recorded-folder.js';

type Steps = readonly (readonly Deed[])[];

/** How often, from which seed on, and what steps leave out. */
export interface PropertyOptions {
  readonly runs: number;
  readonly seed: number;
  readonly without: readonly DeedKind[];
  /** Steps may lead to another tree here than in a plain folder, so it is the root's own tree that layers are compared with. */
  readonly alone?: boolean;
}

/** `VARVE_PROPERTY_RUNS` and `VARVE_PROPERTY_SEED`; without the latter another seed every time. */
export function propertyRuns(): Pick<PropertyOptions, 'runs' | 'seed'> {
  const { VARVE_PROPERTY_RUNS: runs = '200', VARVE_PROPERTY_SEED: seed } = process.env;
  return { runs: Number(runs), seed: seed === undefined ? Date.now() % 0x7fffffff : Number(seed) };
}

/**
 * Random steps, and layers that are unpacked before and between them: the changes of each lead from the tree before to what is on disk,
 * and its layer is, byte for byte, that of the same steps in a plain folder, whose trees before and after are compared path by path. So all
 * that pass have the same layers. Fails with the fewest deeds that still fail, and with the seed that leads to them.
 */
export async function checkProperty(snapshotter: Snapshotter, parent: string, options: PropertyOptions): Promise<void> {
  const { runs, seed, without, alone = false } = options;
  for (let run = 0; run < runs; run++) {
    const steps = randomSteps(new Random(seed + run), without);
    const subject = { snapshotter, parent, alone, layers: (seed + run) % 8 };
    const failure = await failureOf(subject, steps);
    if (failure === undefined) continue;
    const { fewest, reason } = await shrink(asDone(steps, parent), failure, fewer => failureOf(subject, fewer));
    const again = `VARVE_PROPERTY_SEED=${seed + run} VARVE_PROPERTY_RUNS=1 shows it again`;
    const shortest = `Steps:\n${shown(fewest)}`;
    throw new Error(`run ${run + 1} of ${runs} failed; ${again}. ${shortest}\n${String(reason)}`, { cause: reason });
  }
}

interface Subject extends Required<Pick<PropertyOptions, 'alone'>> {
  readonly snapshotter: Snapshotter;
  readonly parent: string;
  /** A bit for each step: one that is set is done in the plain folder alone, and its layer is unpacked. */
  readonly layers: number;
}

async function failureOf(subject: Subject, steps: Steps): Promise<unknown> {
  try {
    await checkSteps(subject, steps);
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

/** Steps with the paths that they lead to in a plain folder, which stay when other deeds are left out. */
function asDone(steps: Steps, parent: string): Steps {
  const dir = mkdtempSync(`${parent}/varve-property-`);
  try {
    return steps.map((deeds, step) => doStep(dir, deeds, step));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function shown(steps: Steps): string {
  const lineOf = ({ path, to, ...deed }: Deed): string =>
    JSON.stringify({ ...deed, ...path, ...('path' in to && { to: to.path }) }).replaceAll(longest, 'x…');
  return steps.map((deeds, i) => `${i}: ${deeds.map(lineOf).join('\n   ')}`).join('\n');
}

/** Does the steps on a root of its own. */
async function checkSteps({ snapshotter, parent, alone, layers }: Subject, steps: Steps): Promise<void> {
  const dir = mkdtempSync(`${parent}/varve-property-`);
  const plain = `${dir}/plain`;
  mkdirSync(plain);
  chmodSync(plain, 0o755);
  utimesSync(plain, 0, 0);
  mkdirSync(`${dir}/owned`);
  try {
    const request = { dir: `${dir}/owned`, canChown: process.getuid?.() === 0 };
    await using root = await snapshotter.open(request, AbortSignal.timeout(300_000));
    let before = recordFolder(plain);
    // The root directory, where it is not root's.
    const own = await layerOf(emptyFolder, before);
    const base = own.length === 0 ? undefined : await root.apply(layerInput(own), noLimit());
    let tree = base === undefined ? emptyTree() : applyToc(emptyTree(), base);
    for (const [i, deeds] of steps.entries()) {
      // A root that goes its own way is no longer what a layer of the plain folder is for.
      const isUnpacked = (layers >> i) % 2 === 1 && (!alone || i === 0);
      if (isUnpacked || !alone) doStep(plain, deeds, i);
      if (!isUnpacked) doStep(root.dir, deeds, i);
      const captured = isUnpacked ? undefined : await captureLayer(root);
      const after = recordFolder(alone && !isUnpacked ? root.dir : plain);
      const layer = await layerOf(before, after);
      const toc = captured?.toc ?? (await root.apply(layerInput(layer), noLimit()));
      assert.ok(toc, 'a layer that is not shared has to be read');
      tree = applyToc(tree, toc);
      assert.deepEqual(facts(tree), facts(treeOfFolder(root.dir)), `step ${i} does not lead to what is on disk`);
      if (captured !== undefined)
        assert.equal(captured.digest, digestOf(layer), `the layer of step ${i} is another one`);
      before = after;
      await root.beforeRun();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function captureLayer(root: StageRoot): Promise<{ readonly digest: string; readonly toc: LayerToc }> {
  const hash = createHash('sha256');
  const visitor = new TocCollector();
  const ancestor = (path: string): FileEntry | undefined => root.entry(path);
  for await (const chunk of writeLayerTar(root.capture([], noLimit()), { ancestor, visitor })) hash.update(chunk);
  return { digest: hash.digest('hex'), toc: visitor.toc() };
}

async function layerOf(before: RecordedFolder, after: RecordedFolder): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const ancestor = (path: string): FileEntry | undefined => after.tree.entry(path);
  for await (const chunk of writeLayerTar(changesBetween(before, after), { ancestor })) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function layerInput(layer: Uint8Array): LayerInput {
  return { diffId: 'sha256:test', tar: () => Readable.from([layer]) };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const noLimit = (): AbortSignal => AbortSignal.timeout(300_000);

function facts(tree: Tree): readonly unknown[] {
  return [...tree.walk()].map(({ path, entry: { linkGroup: _, ...entry } }) => ({
    path,
    ...entry,
    peers: tree.linkPeers(path),
  }));
}
