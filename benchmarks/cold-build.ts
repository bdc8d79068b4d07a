// A cold build beside Buildah: a large base pulled, WORKDIR, four RUN, a COPY of 200 files, CMD, pushed; stores on tmpfs.
//   npm run bench:cold [-- --rounds=3] [-- --json=FILE] [-- --only=varve]
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pushBases } from '@varve/test/rig/bases';
import { startRegistry } from '@varve/test/rig/registry';
import { removeFolder } from '@varve/test/rig/remove-folder';
import { openWorkbench, type Workbench } from '@varve/test/rig/workbench';
import { type Builder, buildah, type Measured, varve } from './builders.js';

const builders: Readonly<Record<string, Builder>> = { varve, buildah };

/** What this build has to keep to: of Buildah's time, and bytes of memory. */
const ratioLimit = 0.4;
const memoryLimit = 250e6;

const dockerfile = (registry: string): string => `FROM ${registry}/toolchain
WORKDIR /app
RUN printf 'int main(void) { return 0; }\\n' > main.c && gcc -o main main.c && ./main
RUN mkdir -p /etc/app && echo configured > /etc/app/config && chmod 0600 /etc/app/config
COPY src/ /app/src/
RUN cat src/*.txt | sha256sum > sums
RUN rm main.c && find src -name '*9.txt' -delete
CMD ["/app/main"]
`;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, json: { type: 'string' }, only: { type: 'string' } },
});
const names = Object.keys(builders).filter(name => values.only === undefined || values.only === name);

await using bench = openWorkbench('bench', '/dev/shm');
const registry = await startRegistry(bench);
console.error('Making and pushing the base (made once, kept in the cache) …');
await pushBases(registry, ['toolchain']);
writeContext(bench, registry.host);

const results = new Map<string, Measured[]>(names.map(name => [name, []]));
for (let round = 1; round <= Number(values.rounds); round += 1) {
  for (const name of round % 2 === 1 ? names : names.toReversed()) {
    const measured = await once(name, round);
    results.get(name)?.push(measured);
    console.error(`round ${round}: ${name} ${measured.seconds.toFixed(2)} s, ${megabytes(measured.memory)}`);
  }
}
report();

async function once(name: string, round: number): Promise<Measured> {
  const store = bench.path(`store-${name}`);
  mkdirSync(store);
  const image = `${registry.host}/${name}-${round}:latest`;
  const job = { context: bench.path('context'), dockerfile: bench.path('Dockerfile'), image, store };
  const measured = await (builders[name] as Builder)(job);
  removeFolder(store);
  return measured;
}

function report(): void {
  const rows = [...results].map(([name, runs]) => ({
    name,
    seconds: median(runs.map(run => run.seconds)),
    memory: Math.max(...runs.map(run => run.memory)),
    runs,
  }));
  console.log('builder      median   peak memory');
  for (const { name, seconds, memory } of rows) {
    console.log(`${name.padEnd(10)} ${seconds.toFixed(2).padStart(6)} s   ${megabytes(memory).padStart(8)}`);
  }
  const [ours, theirs] = [rows.find(row => row.name === 'varve'), rows.find(row => row.name === 'buildah')];
  const ratio = ours && theirs ? ours.seconds / theirs.seconds : undefined;
  if (ratio !== undefined) console.log(`\nvarve / buildah: ${ratio.toFixed(2)} (at most ${ratioLimit})`);
  if (ours !== undefined) console.log(`varve's memory: ${megabytes(ours.memory)} (at most ${megabytes(memoryLimit)})`);
  const json = JSON.stringify(
    { scenario: 'cold-build', node: process.version, ratio, ratioLimit, memoryLimit, rows },
    null,
    2,
  );
  if (values.json !== undefined) writeFileSync(values.json, `${json}\n`);
  else console.log(`\n${json}`);
  const kept = (ratio ?? 0) <= ratioLimit && (ours?.memory ?? 0) <= memoryLimit;
  process.exitCode = kept ? 0 : 1;
}

function writeContext(on: Workbench, host: string): void {
  mkdirSync(on.path('context/src'), { recursive: true });
  for (let index = 0; index < 200; index += 1) {
    writeFileSync(on.path('context/src', `file-${index}.txt`), `${index}: ${'some text in a file. '.repeat(100)}\n`);
  }
  writeFileSync(on.path('Dockerfile'), dockerfile(host));
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
