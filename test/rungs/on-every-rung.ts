import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Builders, startBuilders, varveBuild } from '../differential/builders.js';
import { pushBases } from '../rig/bases.js';
import { markedImage } from '../rig/marked-image.js';
import { need } from '../rig/need.js';
import { transcript } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';
import { differsInPlace } from './agreeing-cases.js';
import { asNormalUser, asRoot, inContainer, inPlace, openFolder, type Rung } from './rungs.js';

const skip = need(
  'linux',
  'patchelf',
  'git',
  'ssh',
  'zstd',
  'root',
  'docker',
  'registry',
  'skopeo',
  'umoci',
  'python3',
  'busybox',
  'mmdebstrap',
  'uidmap',
  'gcc',
);

/** Where cases are built. */
export interface RungWorld {
  readonly bench: Workbench;
  readonly builders: Builders;
  readonly root: Rung;
  /** The others, the one that takes another snapshotter last. */
  readonly others: readonly Rung[];
}

export type RungCase = readonly [name: string, run: (world: RungWorld) => Promise<void>];

/** Registers cases that share one set of services. */
export function onEveryRung(title: string, cases: readonly RungCase[]): void {
  describe(title, { skip }, () => {
    let world: RungWorld;
    before(async () => {
      world = await openWorld();
    });
    after(() => world?.bench.close());
    for (const [name, run] of cases) test(name, { timeout: 600_000 }, () => run(world));
  });
}

/**
 * Cases of test/features, built on every rung with one SOURCE_DATE_EPOCH: all give the image that root gives, to the last byte, and of
 * that the differential tests show that it is the one of `docker build`.
 */
export function agreement(names: readonly string[]): readonly RungCase[] {
  const epoch = { SOURCE_DATE_EPOCH: '1700000000' };
  return names.map((name, index) => [
    `one image of ${name}`,
    async ({ bench, builders, root, others }) => {
      const ready = await builders.ready(name);
      const digest = async ({ varve }: Rung, which: string): Promise<string> => {
        const layout = join(openFolder(bench, `layouts-${which}`), name);
        const outcome = await varveBuild(varve, ready, layout, epoch);
        assert.equal(outcome.code, 0, transcript(outcome));
        return digestOf(layout);
      };
      const expected = await digest(root, 'root');
      // A store on an overlay takes another snapshotter, whose cases are its own package's: one is enough.
      const chosen = index === 0 ? others : others.slice(0, -1);
      const rungs = chosen.filter(rung => !(rung.shared && differsInPlace.includes(name)));
      for (const [number, rung] of rungs.entries())
        assert.equal(await digest(rung, String(number)), expected, `on rung: ${rung.name}`);
    },
  ]);
}

async function openWorld(): Promise<RungWorld> {
  const bench = openWorkbench('rungs');
  try {
    const builders = await startBuilders(bench);
    const docker = await builders.oracle({ about: '' });
    assert.ok(docker);
    await pushBases(builders.registry, ['debian']);
    const image = `${builders.registry.host}/debian`;
    await docker.must(['pull', '--quiet', image]);
    const flags = ['--security-opt', 'seccomp=unconfined'];
    const store = openFolder(bench, 'store-of-pod');
    const others = [
      asNormalUser(bench),
      inContainer(bench, docker, { name: 'a container without seccomp', image, flags, store }),
      inPlace(bench, docker, await markedImage(bench, docker)),
      inContainer(bench, docker, { name: 'one whose store is on its own /', image, flags, store: '/store' }),
    ];
    return { bench, builders, root: asRoot(bench), others };
  } catch (error) {
    await bench.close();
    throw error;
  }
}

function digestOf(layout: string): string {
  const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
    manifests: [{ digest: string }];
  };
  return manifests[0].digest;
}
