import type { BaseName } from '@varve/test/rig/bases';
import { compareImages } from './compare-images.js';
import { type BuildJob, type Contender, runNothing } from './contenders.js';
import { type Figure, type Finding, median } from './figures.js';
import { type World, writeContext } from './world.js';

/** A build that Varve and its peers do, a number of times each. */
export interface BesidePeers {
  readonly id: string;
  readonly title: string;
  readonly base: BaseName;
  readonly files: number;
  readonly dockerfile: (base: string) => string;
  /** `empty`: stores are empty each time. `base`: the base is there, nothing is cached. `cached`: all is. */
  readonly from: 'empty' | 'base' | 'cached';
  /** Of a peer's time, at most. */
  readonly bars: Readonly<Record<string, number>>;
  /** Seconds, at most, beyond a command that does nothing. */
  readonly overNothing?: number;
}

/** Largest size of our layers, of the peer's. */
const layerBar = 1.05;

/** Builds and pushes by turns; gives medians, ratios, and how large the layers are. Fails where the images differ. */
export async function runBesidePeers(scenario: BesidePeers, world: World): Promise<Finding> {
  const { id, title, base, files, dockerfile, from, bars, overNothing } = scenario;
  const site = writeContext(world, id, files, dockerfile(await world.base(base)));
  const times = new Map<string, number[]>(world.contenders.map(({ name }) => [name, []]));
  const job = (name: string): BuildJob => ({ ...site, image: `${world.registry.host}/${id}-${name}:latest` });
  // What earlier scenarios left in the stores does no harm: a base that is there need not be fetched again.
  if (from !== 'empty') for (const contender of world.contenders) await contender.build(job(contender.name));
  const nothing: number[] = [];
  for (let round = 0; round < world.rounds; round += 1) {
    if (overNothing !== undefined) nothing.push(await seconds(runNothing));
    for (const contender of round % 2 === 0 ? world.contenders : world.contenders.toReversed()) {
      if (from === 'empty') await contender.reset();
      times.get(contender.name)?.push(await secondsOf(contender, { ...job(contender.name), noCache: from === 'base' }));
    }
  }
  const rounds = Object.fromEntries(times);
  const ours = median(rounds.varve ?? []);
  const figures: Figure[] = [{ what: 'varve', value: ours, unit: 's' }];
  if (overNothing !== undefined)
    figures.push({
      what: 'more than a command that does nothing',
      value: ours - median(nothing),
      unit: 's',
      bar: overNothing,
    });
  for (const { name } of world.contenders.slice(1)) {
    const theirs = median(rounds[name] ?? []);
    figures.push({ what: name, value: theirs, unit: 's' });
    figures.push({ what: `varve / ${name}`, value: ours / theirs, unit: '×', ...barOf(bars[name]) });
    const { larger } = await compareImages(job('varve').image, job(name).image);
    figures.push({ what: `size of layers, varve / ${name}`, value: larger, unit: '×', bar: layerBar });
  }
  return { scenario: id, title, figures, rounds: overNothing === undefined ? rounds : { ...rounds, nothing } };
}

/** Seconds that a build and push take. */
export function secondsOf(contender: Contender, job: BuildJob): Promise<number> {
  return seconds(() => contender.build(job));
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}

function barOf(bar: number | undefined): Pick<Figure, 'bar'> {
  return bar === undefined ? {} : { bar };
}
