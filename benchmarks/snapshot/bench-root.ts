import { appendFileSync, createReadStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { unpackLayer } from '@varve/engine/kit';
import type { Snapshotter, StageRoot } from '@varve/engine/plugin';
import type { BenchTree } from './bench-tree.js';

/**
 * Folders that are done with, removed at the end: for some minutes ext4 does not reuse inodes that were freed, and looks for others longer
 * than what is measured takes.
 */
export class Discarded implements Disposable {
  readonly #folders: string[] = [];
  readonly #keep: boolean;

  /** `keep`: not even then. */
  constructor(keep: boolean) {
    this.#keep = keep;
  }

  add(folder: string): void {
    this.#folders.push(folder);
  }

  [Symbol.dispose](): void {
    if (!this.#keep) for (const folder of this.#folders) rmSync(folder, { recursive: true });
  }
}

/** Where roots are made, and where they go; removed at once without `discarded`. */
export interface BenchPlace {
  readonly dir: string;
  readonly discarded?: Discarded;
}

function discard(folder: string, { discarded }: BenchPlace): void {
  if (discarded === undefined) rmSync(folder, { recursive: true });
  else discarded.add(folder);
}

/** A root under measurement. */
export interface BenchRoot extends AsyncDisposable {
  readonly root: StageRoot;
  /** Milliseconds from nothing to a root in which a step may start. */
  readonly ready: number;
}

const signal = new AbortController().signal;
const canChown = process.getuid?.() === 0;

/** Unpacks a tree into a root of a snapshotter, in a folder of its own. */
export async function openBenchRoot(place: BenchPlace, tree: BenchTree, snapshotter: Snapshotter): Promise<BenchRoot> {
  const folder = mkdtempSync(`${place.dir}/varve-bench-`);
  const root = await snapshotter.open({ dir: folder, canChown }, signal);
  const began = performance.now();
  await root.apply({ diffId: 'sha256:bench', tar: () => tarOf(tree) }, signal);
  await root.beforeRun();
  return {
    root,
    ready: performance.now() - began,
    async [Symbol.asyncDispose]() {
      await root[Symbol.asyncDispose]();
      discard(folder, place);
    },
  };
}

/** Milliseconds that unpacking a tree takes, and nothing else. */
export async function unpackAlone(place: BenchPlace, tree: BenchTree): Promise<number> {
  const folder = mkdtempSync(`${place.dir}/varve-bench-`);
  const dir = `${folder}/root`;
  mkdirSync(dir);
  const began = performance.now();
  await unpackLayer(tarOf(tree), { dir, canChown });
  const took = performance.now() - began;
  discard(folder, place);
  return took;
}

/** Appends to so many files, others each round, and finds them. Milliseconds of the snapshotter's two calls. */
export async function findAppended(
  { root }: BenchRoot,
  { files }: BenchTree,
  { count, round }: { readonly count: number; readonly round: number },
): Promise<number> {
  const step = Math.max(1, Math.floor(files.length / Math.max(1, count)));
  for (let i = 0; i < count; i++) appendFileSync(`${root.dir}/${files[(i * step + round) % files.length]}`, 'x');
  const began = performance.now();
  let found = 0;
  for await (const _ of root.capture([], signal)) found++;
  const finding = performance.now() - began;
  if (found !== count) throw new Error(`${found} changes found, ${count} made`);
  const before = performance.now();
  await root.beforeRun();
  return finding + performance.now() - before;
}

function tarOf({ tar }: BenchTree): AsyncIterable<Uint8Array> {
  return createReadStream(tar, { highWaterMark: 1 << 20 });
}
