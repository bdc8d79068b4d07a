import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { RegistryClientOptions } from '@varve/oci';
import { type DockerRegistry, noise } from '@varve/oci/testing';
import { wrongInStore } from '../rig/blob-check.js';
import { pulledDigest, startStrictRegistry } from '../rig/oci-services.js';
import { transcript, type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

export const uploadRequest = /blobs\/uploads\//;
export const manifestRequest = /manifests\//;

/** How a build that pushes ended, and with which store. */
export interface Pushed {
  readonly outcome: VarveOutcome;
  readonly varve: Varve;
}

/** A docker-registry, and builds of an image of 2 MB that are pushed. */
export interface PushWorld {
  readonly bench: Workbench;
  readonly registry: DockerRegistry;
  /** Builds on a machine of that name and pushes `IMAGE:1`. */
  push(name: string, image: string, env?: NodeJS.ProcessEnv): Promise<Pushed>;
  /** Checks that a push succeeded, and that the registry gives every byte as it was built. */
  assertPushed(pushed: Pushed, image: string, access?: RegistryClientOptions): Promise<void>;
}

/** Starts the registry and pushes once without faults. */
export async function openPushWorld(name: string): Promise<PushWorld> {
  const bench = openWorkbench(name);
  const registry = await startStrictRegistry(bench);
  mkdirSync(bench.path('context'));
  writeFileSync(bench.path('context/noise.bin'), noise(2_000_000, 'push faults'));
  writeFileSync(bench.path('context/Dockerfile'), 'FROM scratch\nCOPY noise.bin /\n');

  async function push(machine: string, image: string, env: NodeJS.ProcessEnv = {}): Promise<Pushed> {
    const varve = varveWith(bench.path(`store-${machine.replaceAll(/\W+/g, '-')}`));
    const flags = ['-t', `${image}:1`, '--push', '--progress', 'json'];
    const outcome = await varve(['build', bench.path('context'), ...flags], {
      env: { SOURCE_DATE_EPOCH: '1700000000', ...env },
    });
    return { outcome, varve };
  }

  const clean = await push('clean', `${registry.host}/clean`);
  assert.equal(clean.outcome.code, 0, transcript(clean.outcome));
  const expected = clean.outcome.stdout.trim();
  return {
    bench,
    registry,
    push,
    async assertPushed({ outcome, varve }, image, access = {}) {
      assert.equal(outcome.code, 0, transcript(outcome));
      assert.equal(outcome.stdout.trim(), expected);
      assert.equal(await pulledDigest(`${image}:1`, access), expected);
      assert.deepEqual(wrongInStore(varve.store), []);
    },
  };
}
