import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { makeLayout, packLayer } from '@varve/test/rig/oci-make';
import { copyImage, startRegistry } from '@varve/test/rig/registry';
import { must } from '@varve/test/rig/run';
import { varveBin, varveEnvironment } from '@varve/test/rig/varve';
import { watchMemory } from '../process-memory.js';
import { secondsOf } from './beside-peers.js';
import { varveContender } from './contenders.js';
import { type Finding, median } from './figures.js';
import { fourRuns } from './scenarios.js';
import { type World, writeContext } from './world.js';

/** A scenario that Varve runs alone, with a bar in seconds, bytes or against itself. */
export interface Alone {
  readonly id: string;
  run(world: World): Promise<Finding>;
}

/** Runs each work once a round, by turns; gives the medians of what they gave. */
async function byTurns<K extends string>(
  rounds: number,
  works: Readonly<Record<K, () => Promise<number>>>,
): Promise<{ readonly medians: Readonly<Record<K, number>>; readonly rounds: Readonly<Record<K, readonly number[]>> }> {
  const names = Object.keys(works) as K[];
  const values = Object.fromEntries(names.map(name => [name, []])) as unknown as Record<K, number[]>;
  for (let round = 0; round < rounds; round += 1)
    for (const name of round % 2 === 0 ? names : names.toReversed()) values[name].push(await works[name]());
  const medians = Object.fromEntries(names.map(name => [name, median(values[name])])) as Record<K, number>;
  return { medians, rounds: values };
}

/** All from a registry cache, with an empty store each time. */
const registryCache: Alone = {
  id: 'registry-cache',
  async run(world) {
    const site = writeContext(world, 'registry-cache', 200, fourRuns(await world.base('toolchain')));
    const cache = `registry,ref=${world.registry.host}/layer-cache:main`;
    const job = { ...site, image: `${world.registry.host}/from-cache:latest` };
    const here = world.varve;
    const there = await varveContender(world.bench, { name: 'registry-cache', flags: ['--cache', cache] });
    await here.reset();
    await here.build(job);
    await there.reset();
    await there.build(job);
    const { medians, rounds } = await byTurns(world.rounds, {
      here: () => secondsOf(here, job),
      there: async () => {
        await there.reset();
        return secondsOf(there, job);
      },
    });
    const { medians: trips } = await byTurns(20, { one: () => roundTrip(world.registry.url) });
    return {
      scenario: 'registry-cache',
      title: 'all cached by a registry alone, with an empty store',
      figures: [
        { what: 'cached on this machine', value: medians.here, unit: 's' },
        { what: 'a round trip to the registry', value: trips.one, unit: 's' },
        { what: 'cached by the registry', value: medians.there, unit: 's', bar: 1.5 * medians.here + 10 * trips.one },
      ],
      rounds,
    };
  },
};

async function roundTrip(url: string): Promise<number> {
  const from = performance.now();
  await (await fetch(`${url}/v2/`)).arrayBuffer();
  return (performance.now() - from) / 1000;
}

/** Five stages that sleep a second each, joined by COPY --from. */
const stages: Alone = {
  id: 'stages',
  async run(world) {
    const base = await world.base('busybox');
    const stage = (name: number): string => `FROM ${base} AS s${name}\nRUN sleep 1; echo ${name} > /f${name}\n`;
    const joined = [1, 2, 3, 4, 5].map(name => `COPY --from=s${name} /f${name} /\n`).join('');
    const one = writeContext(world, 'stages-one', 1, stage(1));
    const five = writeContext(world, 'stages-five', 1, `${[1, 2, 3, 4, 5].map(stage).join('')}FROM scratch\n${joined}`);
    const varve = await varveContender(world.bench, { name: 'stages', flags: ['--jobs', '5'] });
    const image = `${world.registry.host}/stages:latest`;
    await varve.build({ ...one, image });
    const { medians, rounds } = await byTurns(world.rounds, {
      one: () => secondsOf(varve, { ...one, image, noCache: true }),
      five: () => secondsOf(varve, { ...five, image, noCache: true }),
    });
    return {
      scenario: 'stages',
      title: 'five stages on one base, each RUN sleeping 1 s, joined by COPY --from',
      figures: [
        { what: 'one stage', value: medians.one, unit: 's' },
        { what: 'five stages', value: medians.five, unit: 's' },
        { what: 'longer than one', value: medians.five - medians.one, unit: 's', bar: 2.5 },
      ],
      rounds,
    };
  },
};

/** Peak memory of pulling and pushing a layer of 2 GB, between two registries so that nothing is mounted. */
const memory: Alone = {
  id: 'memory',
  async run(world) {
    const size = 2e9;
    const layout = world.disk.path('big');
    const folder = world.disk.path('big-files');
    mkdirSync(folder);
    writeNoise(`${folder}/noise`, size);
    await packLayer(folder, world.disk.path('big.tar'));
    await makeLayout(layout, [world.disk.path('big.tar')], { cmd: ['x'], env: [] });
    const from = await startRegistry(world.bench, world.disk.path('registry-big'));
    await copyImage(`oci:${layout}:latest`, `docker://${from.host}/big:latest`);
    const to = await startRegistry(world.bench, world.disk.path('registry-to'));
    const site = writeContext(world, 'memory', 1, `FROM ${from.host}/big\nCOPY src /src\nLABEL a=b\n`);
    let watch: ReturnType<typeof watchMemory> | undefined;
    const flags = [
      '--store',
      world.disk.path('store-big'),
      '-t',
      `${to.host}/big:latest`,
      '--push',
      '--progress',
      'quiet',
    ];
    await must(process.execPath, [varveBin, 'build', site.context, '-f', site.dockerfile, ...flags], {
      env: varveEnvironment(),
      timeout: 900_000,
      started: pid => {
        watch = watchMemory(pid);
      },
    });
    const { total = 0 } = watch?.stop() ?? {};
    return {
      scenario: 'memory',
      title: 'peak memory of a build that pulls and pushes a layer of 2 GB',
      figures: [{ what: 'all processes', value: total / 1e6, unit: 'MB', bar: 200 }],
    };
  },
};

function writeNoise(path: string, size: number): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(16e6);
  for (let written = 0; written < size; written += block.length) writeSync(file, randomFillSync(block));
  closeSync(file);
}

export const aloneScenarios: readonly Alone[] = [registryCache, stages, memory];
