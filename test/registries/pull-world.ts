import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type DockerRegistry, type Fault, noise, type SampleImage, sampleImage } from '@varve/oci/testing';
import { wrongInStore } from '../rig/blob-check.js';
import { pushImage, startStrictRegistry } from '../rig/oci-services.js';
import { transcript, type Varve, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

export const layerRequest = /blobs\/sha256:/;
export const manifestRequest = /manifests\//;

/** The first of the requests for blobs, that for the config, passes; what comes behind it in a list of faults is for the layer. */
export const configPasses: Fault = { kind: 'before', run: () => undefined, path: layerRequest };

/** How a build from a base ended, and where its store and its output are. */
export interface BuiltFromBase {
  readonly outcome: VarveOutcome;
  readonly varve: Varve;
  readonly output: string;
}

/** A docker-registry with a base image of 2 MB, and builds on top of it. */
export interface PullWorld {
  readonly bench: Workbench;
  readonly registry: DockerRegistry;
  /** The digest that every good build gives. */
  readonly expected: string;
  /** Builds on a machine of that name, `HOST/base:1` being the base. */
  build(name: string, host: string, env?: NodeJS.ProcessEnv): Promise<BuiltFromBase>;
  /** Checks that a build gave the right image, and that everything that was stored is right. */
  assertGood(built: BuiltFromBase): void;
}

/** The base image. */
export function baseImage(): Promise<SampleImage> {
  return sampleImage({ layers: [{ 'noise.bin': noise(2_000_000, 'pull faults') }] });
}

/** Starts the registry and builds once without faults. */
export async function openPullWorld(name: string): Promise<PullWorld> {
  const bench = openWorkbench(name);
  const registry = await startStrictRegistry(bench);
  await pushImage(`${registry.host}/base:1`, await baseImage());
  mkdirSync(bench.path('context'));
  writeFileSync(bench.path('context/hello.txt'), 'hello\n');

  async function build(machine: string, host: string, env: NodeJS.ProcessEnv = {}): Promise<BuiltFromBase> {
    const folder = bench.path(machine.replaceAll(/\W+/g, '-'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/Dockerfile`, `FROM ${host}/base:1\nCOPY hello.txt /\n`);
    const varve = varveWith(`${folder}/store`);
    const output = `${folder}/layout`;
    const flags = ['-f', `${folder}/Dockerfile`, '-o', `type=oci,dest=${output}`, '--progress', 'json'];
    const outcome = await varve(['build', bench.path('context'), ...flags], {
      env: { SOURCE_DATE_EPOCH: '1700000000', ...env },
    });
    return { outcome, varve, output };
  }

  const clean = await build('clean', registry.host);
  assert.equal(clean.outcome.code, 0, transcript(clean.outcome));
  const expected = clean.outcome.stdout.trim();
  return {
    bench,
    registry,
    expected,
    build,
    assertGood({ outcome, output, varve }) {
      assert.equal(outcome.code, 0, transcript(outcome));
      assert.equal(outcome.stdout.trim(), expected);
      assert.deepEqual([...wrongInStore(output), ...wrongInStore(varve.store)], []);
    },
  };
}
