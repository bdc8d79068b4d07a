import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stepsThatRan } from '../rig/build-events.js';
import { removeFolder } from '../rig/remove-folder.js';
import { transcript, type Varve, varveWith } from '../rig/varve.js';
import type { Workbench } from '../rig/workbench.js';
import { varveBuild } from './builders.js';
import type { ReadyCase } from './feature-case.js';

/** Builds of one case with one SOURCE_DATE_EPOCH, the first into a store that knows nothing. */
export interface RepeatedBuilds {
  /** The OCI layout of the first build. */
  readonly layout: string;
  /** Builds again from the first one's store, where nothing runs, and if wanted into another empty one: all images are one. */
  assertSame(afresh: boolean): Promise<void>;
  /** Takes the stores away. */
  close(): void;
}

/**
 * Builds a case for the first time. No time in its layers is later than `epoch` (seconds since 1970), so that two builds can agree to the
 * last byte.
 */
export async function firstBuild(bench: Workbench, ready: ReadyCase, epoch: number): Promise<RepeatedBuilds> {
  const layouts = ['first', 'cached', 'afresh'].map(which => bench.path('layouts', `${ready.name}-${which}`));
  const [layout, cached, afresh] = layouts as [string, string, string];
  const stores = ['first', 'second'].map(which => varveWith(bench.path('stores', `${ready.name}-${which}`)));
  const [store, other] = stores as [Varve, Varve];
  const env = { SOURCE_DATE_EPOCH: String(epoch) };
  const build = async (varve: Varve, to: string): Promise<readonly string[]> => {
    const outcome = await varveBuild(varve, ready, to, env);
    assert.equal(outcome.code, 0, transcript(outcome));
    return stepsThatRan(outcome);
  };
  await build(store, layout);
  return {
    layout,
    async assertSame(afreshToo) {
      assert.deepEqual(await build(store, cached), [], 'steps that ran again');
      assert.deepEqual(imageOf(cached), imageOf(layout), 'the image of the cached build');
      if (!afreshToo) return;
      await build(other, afresh);
      assert.deepEqual(imageOf(afresh), imageOf(layout), 'the image of a second build without a cache');
    },
    close() {
      for (const { store: folder } of stores) removeFolder(folder);
    },
  };
}

/** Config and layers besides the digest, so that a difference shows what differs. */
function imageOf(layout: string): { digest: string; layers: readonly string[]; config: unknown } {
  const blob = (digest: string): unknown => readJson(join(layout, 'blobs', digest.replace(':', '/')));
  const { manifests } = readJson(join(layout, 'index.json')) as { manifests: [{ digest: string }] };
  const { digest } = manifests[0];
  const manifest = blob(digest) as { layers: { digest: string }[]; config: { digest: string } };
  return { digest, layers: manifest.layers.map(layer => layer.digest), config: blob(manifest.config.digest) };
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
