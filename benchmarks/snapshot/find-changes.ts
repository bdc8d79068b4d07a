/**
 * What it costs to find what a step changed: ten files touched in a root of many, beside a C program that walks the same files and does
 * nothing else. Usage: node find-changes.js [--files N] [--rounds N] [--dir FOLDER] [--tmpfs FOLDER] [--json FILE]
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Detection, fileSystemTraits } from '@varve/engine/kit';
import { type BenchRoot, openBenchRoot } from './bench-root.js';

interface Row {
  readonly name: string;
  readonly fileSystem: string;
  readonly files: number;
  /** Milliseconds: the median round, the best round, and processor time of the best. */
  readonly median: number;
  readonly best: number;
  readonly cpu: number;
  /** To the C program on the same files; of the best rounds. */
  readonly ratio?: number;
  /** Bytes of content a second, in GB, where all is read. */
  readonly throughput?: number;
}

interface Round {
  readonly wall: number;
  readonly cpu: number;
}

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '45000' },
    rounds: { type: 'string', default: '15' },
    dir: { type: 'string', default: tmpdir() },
    tmpfs: { type: 'string', default: '/dev/shm' },
    json: { type: 'string' },
  },
});
const files = Number(values.files);
const rounds = Number(values.rounds);
/** The mean of a Debian with build tools. */
const meanSize = 16_384;

const strategies: Readonly<Record<string, Detection>> = {
  'full, 1 thread': { content: 'auto', hash: 'xxh3', threads: 1 },
  'full, 2 threads': { content: 'auto', hash: 'xxh3', threads: 2 },
  'mtime, 1 thread': { content: 'metadata', hash: 'xxh3', threads: 1 },
  'mtime, 2 threads': { content: 'metadata', hash: 'xxh3', threads: 2 },
};

async function main(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'varve-bench-c-'));
  try {
    const walker = compile(scratch);
    const rows = [...(await onDisk(walker)), ...(await inMemory())];
    print(rows);
    if (values.json !== undefined)
      writeFileSync(values.json, `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Path of the compiled C program; undefined where there is no compiler. */
function compile(scratch: string): string | undefined {
  const source = new URL('../../snapshot/walk.c', import.meta.url).pathname;
  const target = join(scratch, 'walk');
  const { status } = spawnSync('cc', ['-O2', '-o', target, source], { stdio: 'inherit' });
  if (status === 0) return target;
  console.error('no C compiler: no lower bound');
  return undefined;
}

async function onDisk(walker: string | undefined): Promise<readonly Row[]> {
  const fileSystem = fileSystemTraits(values.dir).type;
  const rows: Row[] = [];
  for (const [name, detection] of Object.entries(strategies)) {
    await using bench = await openBenchRoot(values.dir, { files, size: 512 }, detection);
    const bound: Round[] = [];
    const own: Round[] = [];
    for (let i = 0; i < rounds; i++) {
      if (walker !== undefined) bound.push(runWalker(walker, bench.root.dir));
      own.push(await findTouched(bench, i));
    }
    const limit = bound.length === 0 ? undefined : best(bound);
    if (rows.length === 0 && limit !== undefined)
      rows.push({ name: 'C, 1 thread', fileSystem, files, ...summary(bound), ratio: 1 });
    rows.push({ name, fileSystem, files, ...summary(own), ...(limit && { ratio: best(own).wall / limit.wall }) });
  }
  return rows;
}

async function inMemory(): Promise<readonly Row[]> {
  const fileSystem = fileSystemTraits(values.tmpfs).type;
  const rows: Row[] = [];
  for (const name of ['full, 1 thread', 'full, 2 threads']) {
    await using bench = await openBenchRoot(values.tmpfs, { files, size: meanSize }, strategies[name] as Detection);
    const own: Round[] = [];
    for (let i = 0; i < Math.min(rounds, 7); i++) own.push(await findTouched(bench, i));
    rows.push({ name, fileSystem, files, ...summary(own), throughput: (files * meanSize) / best(own).wall / 1e6 });
  }
  return rows;
}

function runWalker(walker: string, dir: string): Round {
  const [, wall, cpu] = spawnSync(walker, [dir]).stdout.toString().split(' ').map(Number);
  return { wall: (wall ?? 0) / 1e6, cpu: (cpu ?? 0) / 1e6 };
}

/** Touches ten files, finds them, and makes sure that they were found. */
async function findTouched(bench: BenchRoot, round: number): Promise<Round> {
  const touched = Array.from({ length: 10 }, (_, i) => bench.files[(round * 997 + i * 4001) % files] as string);
  for (const path of touched) appendFileSync(`${bench.root.dir}/${path}`, 'x');
  const cpu = process.cpuUsage();
  const began = performance.now();
  let found = 0;
  for await (const _ of bench.root.capture([], new AbortController().signal)) found++;
  const wall = performance.now() - began;
  const used = process.cpuUsage(cpu);
  if (found !== new Set(touched).size) throw new Error(`${found} changes found, ${touched.length} made`);
  await bench.root.beforeRun();
  return { wall, cpu: (used.user + used.system) / 1000 };
}

function best(list: readonly Round[]): Round {
  return list.reduce((a, b) => (b.wall < a.wall ? b : a));
}

function summary(list: readonly Round[]): Pick<Row, 'median' | 'best' | 'cpu'> {
  const sorted = list.map(({ wall }) => wall).sort((a, b) => a - b);
  return {
    median: sorted[sorted.length >> 1] ?? 0,
    best: best(list).wall,
    cpu: Math.min(...list.map(({ cpu }) => cpu)),
  };
}

function print(rows: readonly Row[]): void {
  console.table(
    rows.map(row => ({
      what: row.name,
      on: row.fileSystem,
      files: row.files,
      'median ms': row.median.toFixed(1),
      'best ms': row.best.toFixed(1),
      'cpu ms': row.cpu.toFixed(1),
      '× C': row.ratio?.toFixed(2) ?? '',
      'GB/s': row.throughput?.toFixed(2) ?? '',
    })),
  );
}

await main();
