import { fileSystemTraits } from '@varve/engine/kit';
import type { Snapshotter } from '@varve/engine/plugin';
import { snapshotterOf } from '@varve/engine/testing';
import full from '@varve/plugin-snapshot-full';
import mtime from '@varve/plugin-snapshot-mtime';
import overlay from '@varve/plugin-snapshot-overlay';
import { type BenchPlace, type BenchRoot, findAppended, openBenchRoot, unpackAlone } from './bench-root.js';
import type { BenchTree } from './bench-tree.js';
import type { Peer } from './peers.js';

/** What was measured of one strategy or peer on one tree; times in milliseconds, medians over the rounds. */
export interface Row {
  readonly name: string;
  readonly fileSystem: string;
  readonly files: number;
  /** Bytes of each file. */
  readonly size: number;
  /** Finding nothing, ten files, a tenth of all. Peers only have one figure. */
  readonly none?: number;
  readonly few: number;
  readonly many?: number;
  /** Of `few`, to the lower bound in the same rounds. */
  readonly ratio?: number;
  /** Bytes a file that the process holds more than before. */
  readonly memory?: number;
}

export interface Strategy {
  readonly name: string;
  readonly make: () => Promise<Snapshotter>;
  /** Only where a shared mapping moves no time. */
  readonly inMemory?: true;
}

/** What reads everything, where something else would do too. */
export const allContents = 'full, verify=all, 2 threads';

/** The one that makes folders while it is measured comes first: what is removed makes that slower. */
export const strategies: readonly Strategy[] = [
  { name: 'overlay', make: () => snapshotterOf(overlay) },
  { name: 'full, 1 thread', make: () => snapshotterOf(full, { threads: '1' }) },
  { name: 'full, 2 threads', make: () => snapshotterOf(full, { threads: '2' }) },
  { name: allContents, make: () => snapshotterOf(full, { threads: '2', verify: 'all' }), inMemory: true },
  { name: 'mtime', make: () => snapshotterOf(mtime) },
];

export interface Place extends BenchPlace {
  readonly tree: BenchTree;
  readonly size: number;
  readonly rounds: number;
}

/** One strategy on a root of its own, in turns with the lower bound and, the first time, with other peers. */
export async function measureStrategy(
  strategy: Strategy,
  place: Place,
  bound: Peer | undefined,
  peers: readonly Peer[] = [],
): Promise<readonly Row[]> {
  const { dir, tree, size, rounds } = place;
  const before = held();
  await using bench = await openBenchRoot(place, tree, await strategy.make());
  const common = { fileSystem: fileSystemTraits(dir).type, files: tree.files.length, size };
  // Code is compiled and caches are filled by the first looks.
  for (let i = 0; i < 2; i++) await findAppended(bench, tree, { count: 1, round: i });
  const memory = Math.max(0, held() - before) / tree.files.length;
  const times = { none: [] as number[], few: [] as number[], many: [] as number[], bound: [] as number[] };
  const ofPeers = peers.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    if (bound !== undefined) times.bound.push(bound.look(bench.root.dir, round));
    times.none.push(await findAppended(bench, tree, { count: 0, round }));
    times.few.push(await findAppended(bench, tree, { count: 10, round }));
    if (round < 5) for (const [i, peer] of peers.entries()) ofPeers[i]?.push(peer.look(bench.root.dir, round));
  }
  // Behind the others: the disk is still writing what they changed when the next step has begun.
  const tenth = Math.floor(tree.files.length / 10);
  for (let round = 0; round < Math.min(rounds, 3); round++)
    times.many.push(await findAppended(bench, tree, { count: tenth, round }));
  const limit = bound === undefined ? undefined : median(times.bound);
  const ratioOf = (time: number): Pick<Row, 'ratio'> => (limit === undefined ? {} : { ratio: time / limit });
  const few = median(times.few);
  const own: Row = { name: strategy.name, ...common, none: median(times.none), few, many: median(times.many), memory };
  const others = ofPeers.map((list, i): Row => {
    const time = median(list);
    return { name: peers[i]?.name ?? '', ...common, few: time, ...ratioOf(time) };
  });
  const lowest =
    limit === undefined || peers.length === 0 ? [] : [{ name: bound?.name ?? '', ...common, few: limit, ratio: 1 }];
  return [...lowest, ...others, { ...own, ...ratioOf(few) }];
}

/** What a baseline adds to unpacking, as a share of it: the best of rounds in turns. */
export async function measureBaseline(strategy: Strategy, place: Place): Promise<number> {
  const { tree, rounds } = place;
  const [alone, ready]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    alone.push(await unpackAlone(place, tree));
    const bench: BenchRoot = await openBenchRoot(place, tree, await strategy.make());
    ready.push(bench.ready);
    await bench[Symbol.asyncDispose]();
  }
  return Math.min(...ready) / Math.min(...alone) - 1;
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

/** Bytes in arrays and objects that are alive. */
function held(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
