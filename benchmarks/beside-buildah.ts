import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fileSystemTraits } from '@varve/engine/kit';
import { type BaseName, pushBases } from '@varve/test/rig/bases';
import { startRegistry } from '@varve/test/rig/registry';
import { removeFolder } from '@varve/test/rig/remove-folder';
import { openWorkbench } from '@varve/test/rig/workbench';
import { type Builder, buildah, type Measured, varve } from './builders.js';

/** One Dockerfile, built and pushed by Varve and by Buildah, each round from empty stores. */
export interface Scenario {
  readonly name: string;
  readonly base: BaseName;
  readonly dockerfile: (base: string) => string;
  /** Fills the context, a folder that is empty. */
  readonly context?: (dir: string) => void;
  /** Folder whose file system the stores are on, unless `--dir` names another. */
  readonly dir: string;
  /** What this build has to keep to: of Buildah's time, and bytes of memory. */
  readonly ratioLimit: number;
  readonly memoryLimit?: number;
}

interface Row {
  readonly name: string;
  readonly seconds: number;
  readonly memory: number;
  readonly runs: readonly Measured[];
}

const builders: Readonly<Record<string, Builder>> = { varve, buildah };

/**
 * Runs a scenario and prints a table and JSON; the exit code says whether it kept to its limits.
 *   [--rounds=3] [--json=FILE] [--only=varve|buildah] [--dir=FOLDER] [--snapshot=ID]
 */
export async function runScenario(scenario: Scenario): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      json: { type: 'string' },
      only: { type: 'string' },
      dir: { type: 'string', default: scenario.dir },
      snapshot: { type: 'string' },
    },
  });
  const names = Object.keys(builders).filter(name => values.only === undefined || values.only === name);
  await using bench = openWorkbench('bench', values.dir);
  const registry = await startRegistry(bench);
  console.error('Making and pushing the base (made once, kept in the cache) …');
  await pushBases(registry, [scenario.base]);
  mkdirSync(bench.path('context'));
  scenario.context?.(bench.path('context'));
  writeFileSync(bench.path('Dockerfile'), scenario.dockerfile(`${registry.host}/${scenario.base}`));

  const once = async (name: string, round: number): Promise<Measured> => {
    const store = bench.path(`store-${name}`);
    mkdirSync(store);
    const image = `${registry.host}/${name}-${round}:latest`;
    const { snapshot } = values;
    const job = { context: bench.path('context'), dockerfile: bench.path('Dockerfile'), image, store };
    const measured = await (builders[name] as Builder)({ ...job, ...(snapshot === undefined ? {} : { snapshot }) });
    removeFolder(store);
    return measured;
  };
  const results = new Map<string, Measured[]>(names.map(name => [name, []]));
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const name of round % 2 === 1 ? names : names.toReversed()) {
      const measured = await once(name, round);
      results.get(name)?.push(measured);
      console.error(`round ${round}: ${name} ${measured.seconds.toFixed(2)} s, ${megabytes(measured.memory)}`);
    }
  }
  const rows = [...results].map(([name, runs]): Row => {
    const seconds = median(runs.map(run => run.seconds));
    return { name, seconds, memory: Math.max(...runs.map(run => run.memory)), runs };
  });
  report(scenario, rows, { json: values.json, fileSystem: fileSystemTraits(values.dir).type });
}

function report(
  { name: scenario, ratioLimit, memoryLimit }: Scenario,
  rows: readonly Row[],
  { json: file, fileSystem }: { readonly json: string | undefined; readonly fileSystem: string },
): void {
  console.log(`builder      median   peak memory   (stores on ${fileSystem})`);
  for (const { name, seconds, memory } of rows) {
    console.log(`${name.padEnd(10)} ${seconds.toFixed(2).padStart(6)} s   ${megabytes(memory).padStart(8)}`);
  }
  const [ours, theirs] = [rows.find(row => row.name === 'varve'), rows.find(row => row.name === 'buildah')];
  const ratio = ours && theirs ? ours.seconds / theirs.seconds : undefined;
  if (ratio !== undefined) console.log(`\nvarve / buildah: ${ratio.toFixed(2)} (at most ${ratioLimit})`);
  if (ours !== undefined && memoryLimit !== undefined)
    console.log(`varve's memory: ${megabytes(ours.memory)} (at most ${megabytes(memoryLimit)})`);
  const json = JSON.stringify(
    { scenario, node: process.version, fileSystem, ratio, ratioLimit, memoryLimit, rows },
    null,
    2,
  );
  if (file !== undefined) writeFileSync(file, `${json}\n`);
  else console.log(`\n${json}`);
  const kept = (ratio ?? 0) <= ratioLimit && (ours?.memory ?? 0) <= (memoryLimit ?? Infinity);
  process.exitCode = kept ? 0 : 1;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low ?? 0) + (high ?? 0)) / 2;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
