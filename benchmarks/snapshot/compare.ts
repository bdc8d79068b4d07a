// What it costs to find what a step changed, by every strategy, beside others that look at the same files and a C program that does
// nothing but look; then many small files beside Buildah. Ends with a table of what has to hold.
//   npm run bench:snapshot [-- --files=10000,45000,200000,700000] [-- --dir=FOLDER] [-- --tmpfs=FOLDER] [-- --json=FILE] [-- --many-files=no]
//     [-- --parts=baseline,large,disk,tmpfs] [-- '--strategies=full, 1 thread;overlay'] [-- --keep=yes] [-- --rounds=N]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileSystemTraits } from '@varve/engine/kit';
import { type BenchPlace, Discarded } from './bench-root.js';
import { makeTree, type TreeShape } from './bench-tree.js';
import {
  measureBaseline,
  measureStrategy,
  median,
  type Place,
  type Row,
  type Strategy,
  strategies,
} from './measure.js';
import { buildahCommits, find, incrementalTar, lowerBound } from './peers.js';
import { type Bar, barsOf, holds, printBars, printRows } from './report.js';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '10000,45000,200000,700000' },
    dir: { type: 'string', default: tmpdir() },
    tmpfs: { type: 'string', default: '/dev/shm' },
    json: { type: 'string' },
    'many-files': { type: 'string', default: 'yes' },
    parts: { type: 'string', default: 'baseline,large,disk,tmpfs' },
    strategies: { type: 'string' },
    keep: { type: 'string', default: 'no' },
    rounds: { type: 'string' },
  },
});
const sizes = values.files.split(',').map(Number);
const parts = values.parts.split(',');
const wanted = values.strategies?.split(';');
/** The mean of a Debian with build tools. */
const meanSize = 16_384;

/** Overlays are mounted where nobody else sees them, and memory is measured after what is dead was collected. */
function enter(): void {
  const flags = ['--mount', '--propagation', 'private', process.execPath, '--expose-gc', ...process.argv.slice(1)];
  const env = { ...process.env, VARVE_BENCH_INSIDE: '1' };
  const { status } = spawnSync('unshare', flags, { stdio: 'inherit', env });
  process.exitCode = status ?? 1;
}

async function main(): Promise<void> {
  const scratch = mkdtempSync(`${tmpdir()}/varve-bench-c-`);
  using discarded = new Discarded(values.keep === 'yes');
  try {
    const rows: Row[] = [];
    const bars: Bar[] = [];
    const disk: BenchPlace = { dir: values.dir, discarded };
    const memory: BenchPlace = { dir: values.tmpfs };
    if (sizes.includes(45_000) && parts.includes('baseline')) bars.push(await baselineBar(disk));
    if (parts.includes('large'))
      for (const place of [disk, memory]) rows.push(...(await measureAll(scratch, place, largeFiles)));
    for (const files of sizes) {
      // The largest come last and are removed at once.
      const place = files < 500_000 || values.keep === 'yes' ? disk : { dir: values.dir };
      if (parts.includes('disk')) rows.push(...(await measureAll(scratch, place, { files, size: 512 })));
      if (files <= 200_000 && parts.includes('tmpfs'))
        rows.push(...(await measureAll(scratch, memory, { files, size: files < 200_000 ? meanSize : 4096 })));
    }
    if (values['many-files'] === 'yes') bars.push(...manyFilesBars(scratch));
    report(rows, [...barsOf(rows), ...bars]);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Few files, but a gigabyte of them. */
const largeFiles: TreeShape = { files: 32, size: 32 << 20 };

async function measureAll(scratch: string, where: BenchPlace, shape: TreeShape): Promise<readonly Row[]> {
  const { dir } = where;
  console.error(`${shape.files} files of ${shape.size} bytes in ${dir} …`);
  using tree = makeTree(values.tmpfs, shape);
  const state = mkdtempSync(`${scratch}/tar-`);
  const usual = shape.files < 100_000 ? 15 : shape.files < 500_000 ? 7 : 5;
  const rounds = values.rounds === undefined ? usual : Number(values.rounds);
  const place: Place = { ...where, tree, size: shape.size, rounds: shape.size > 512 ? Math.min(7, rounds) : rounds };
  const bound = lowerBound(scratch);
  const isDisk = fileSystemTraits(dir).type !== 'tmpfs';
  const usable = strategies.filter(
    ({ name, inMemory }) =>
      (name !== 'overlay' || process.getuid?.() === 0) && !(inMemory && isDisk) && (wanted?.includes(name) ?? true),
  );
  const rows: Row[] = [];
  for (const strategy of usable) {
    const measured = await measureStrategy(
      strategy,
      place,
      // To take an overlay away takes longer the more of it was looked at, and a step that writes ten files looks at ten.
      strategy.name === 'overlay' ? undefined : bound,
      strategy.name === 'full, 1 thread' && isDisk ? [find, incrementalTar(state)] : [],
    );
    for (const { name, few, ratio } of measured)
      console.error(`  ${name}: ${few.toFixed(1)} ms${ratio === undefined ? '' : `, × ${ratio.toFixed(2)}`}`);
    rows.push(...measured);
  }
  const commits = isDisk && shape.files === 45_000 && wanted === undefined ? buildahCommits(dir, tree, 5) : undefined;
  const { fileSystem, files, size } = rows[0] as Row;
  if (commits !== undefined)
    rows.push({ name: 'buildah commit (overlay)', fileSystem, files, size, few: median(commits) });
  return rows;
}

async function baselineBar(where: BenchPlace): Promise<Bar> {
  console.error('the baseline beside unpacking alone …');
  using tree = makeTree(values.tmpfs, { files: 45_000, size: 4096 });
  const strategy = strategies.find(({ name }) => name === 'full, 2 threads') as Strategy;
  const share = await measureBaseline(strategy, { ...where, tree, size: 4096, rounds: 5 });
  return { what: 'the baseline of full, as a share of unpacking', measured: share, limit: 0.1 };
}

/** None where the other builder is not there. */
function manyFilesBars(scratch: string): readonly Bar[] {
  if (spawnSync('buildah', ['--version']).status !== 0) return [];
  console.error('many small files, beside Buildah …');
  const json = join(scratch, 'many-files.json');
  const program = new URL('../many-files.js', import.meta.url).pathname;
  const { VARVE_BENCH_INSIDE: _, ...env } = process.env;
  spawnSync(process.execPath, [program, `--json=${json}`], { stdio: ['ignore', 'ignore', 'inherit'], env });
  const { ratio, ratioLimit } = JSON.parse(readFileSync(json, 'utf8')) as ManyFiles;
  return [
    { what: 'a RUN of 100,000 files and two small ones, pushed, to Buildah', measured: ratio, limit: ratioLimit },
  ];
}

interface ManyFiles {
  readonly ratio: number;
  readonly ratioLimit: number;
}

function report(rows: readonly Row[], bars: readonly Bar[]): void {
  printRows(rows);
  printBars(bars);
  const json = JSON.stringify({ scenario: 'snapshot', node: process.version, rows, bars }, null, 2);
  if (values.json !== undefined) writeFileSync(values.json, `${json}\n`);
  process.exitCode = bars.every(holds) ? 0 : 1;
}

if (process.getuid?.() === 0 && process.env.VARVE_BENCH_INSIDE === undefined) enter();
else await main();
