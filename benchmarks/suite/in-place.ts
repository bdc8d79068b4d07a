import { startDockerd } from '@varve/test/rig/dockerd';
import { markedImage } from '@varve/test/rig/marked-image';
import { inRepository } from '@varve/test/rig/repository';
import type { Alone } from './alone.js';
import { secondsOf } from './beside-peers.js';
import { type Contender, varveContender } from './contenders.js';
import { median } from './figures.js';
import { fourRuns } from './scenarios.js';
import { type World, writeContext } from './world.js';

/** Seconds that kaniko 1.24 takes for this build on a machine with two cores, and the part of it that Varve may take in its place. */
const kaniko = { seconds: 14.4, part: 0.4 };
const timeout = 900_000;

/**
 * The cold scenario in the / of a default container, beside rung 1 in the same run. The stores of both, and with it the container's files, are on tmpfs
 * as in the other scenarios, so that no disk counts. To start a program in the container (`docker exec`) is part of the time. That a process which outlives
 * the build removes its root is not: how long it takes is a figure of its own, and nobody is measured meanwhile.
 */
export const rungFour: Alone = {
  id: 'rung-4',
  async run(world) {
    const site = writeContext(world, 'rung-4', 200, fourRuns(await world.base('toolchain')));
    const root = await varveContender(world.bench, { name: 'rung-1', flags: [] });
    const contenders = { root, container: await containerContender(world, site.context) };
    const times: Record<keyof typeof contenders, number[]> = { root: [], container: [] };
    const removals: number[] = [];
    const names = Object.keys(times) as (keyof typeof contenders)[];
    for (let round = 0; round < world.rounds; round += 1)
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        await contenders[name].reset();
        times[name].push(
          await secondsOf(contenders[name], { ...site, image: `${world.registry.host}/rung-4-${name}:latest` }),
        );
        if (name === 'container') removals.push(await contenders.container.settle());
      }
    const [one, four] = [median(times.root), median(times.container)];
    return {
      scenario: 'rung-4',
      title: "the cold build in a default container's own /",
      figures: [
        { what: 'rung 1', value: one, unit: 's' },
        { what: 'rung 4', value: four, unit: 's', bar: kaniko.part * kaniko.seconds },
        { what: 'rung 4 / rung 1', value: four / one, unit: '×', bar: 1.5 },
        { what: 'until its root is removed', value: median(removals), unit: 's' },
      ],
      rounds: times,
    };
  },
};

interface ContainerContender extends Contender {
  /** Waits until nothing is left of the build. Gives the seconds. */
  settle(): Promise<number>;
}

/** Varve in a container of its own, a new one for each build, with the repository and the context as volumes. */
async function containerContender({ bench, disk }: World, context: string): Promise<ContainerContender> {
  const docker = await startDockerd(bench, bench.path('docker-of-rung-4'));
  const image = await markedImage(disk, docker);
  const volumes = [`${inRepository('.')}:/varve:ro`, `${context}:/workspace:ro`, `${disk.folder}:${disk.folder}:ro`];
  const wait = ['--entrypoint', '/kaniko/bin/busybox', image, 'sleep', '100000'];
  const start = ['run', '--detach', '--name', 'rung-4', '--network', 'host'];
  return {
    name: 'rung-4',
    version: '',
    async reset() {
      await docker.run(['rm', '--force', 'rung-4'], { timeout });
      await docker.must([...start, ...volumes.flatMap(volume => ['--volume', volume]), ...wait], { timeout });
    },
    async build(job) {
      const program = ['/kaniko/bin/node', '/varve/packages/cli/bin/varve.js'];
      const where = ['--store', '/kaniko/store', '-t', job.image, '--push', '--progress', 'quiet'];
      await docker.must(['exec', 'rung-4', ...program, 'build', '/workspace', '-f', job.dockerfile, ...where], {
        timeout,
      });
    },
    async settle() {
      const began = performance.now();
      const script = 'while [ -n "$(ls -A /kaniko/store/scratch)" ]; do sleep 0.02; done';
      await docker.must(['exec', 'rung-4', '/kaniko/bin/busybox', 'sh', '-c', `PATH=/kaniko/bin; ${script}`], {
        timeout,
      });
      return (performance.now() - began) / 1000;
    },
  };
}
