/**
 * Copies an image of 2 GB from one docker-registry to a layout and on to another docker-registry, with this package and with skopeo,
 * in turn: `npm run bench:copy -- [MB] [ROUNDS]`. Everything lies on tmpfs. Prints a table, JSON and what has to hold, and ends with 1 where it
 * does not.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import {
  copyImage,
  createLayout,
  createRegistryClient,
  type Descriptor,
  digestOf,
  mediaTypes,
  parseReference,
} from '@varve/oci';
import { type DockerRegistry, findProgram, noise, runProgram, startDockerRegistry } from '@varve/oci/testing';

const megabytes = Number(process.argv[2] ?? 2048);
const rounds = Number(process.argv[3] ?? 3);
const layerCount = 8;
const mostMiB = 150;
const leastSpeed = 0.8;
const one = fileURLToPath(new URL('./copy-once.js', import.meta.url));

interface Figures {
  readonly seconds: number;
  readonly peakMiB: number;
}

const skopeo = findProgram('skopeo');
if (skopeo === undefined) throw new Error('skopeo is not installed');
const dir = await mkdtemp('/dev/shm/varve-bench-oci-');
const source = await registry();
try {
  const reference = `${source.host}/big:1`;
  await makeImage(join(dir, 'made'), reference);
  await rm(join(dir, 'made'), { recursive: true });
  const results: Record<string, Figures[]> = { varve: [], skopeo: [] };
  for (let round = 0; round < rounds; round++) {
    for (const tool of round % 2 === 0 ? ['varve', 'skopeo'] : ['skopeo', 'varve']) {
      const target = await registry();
      const layout = join(dir, 'layout');
      const there = `${target.host}/big:1`;
      const figures =
        tool === 'varve' ? await varve(reference, layout, there) : await withSkopeo(reference, layout, there);
      results[tool]?.push(...figures);
      await target.close();
      await rm(layout, { recursive: true });
    }
  }
  report(results);
} finally {
  await source.close();
  await rm(dir, { recursive: true, force: true });
}

async function varve(from: string, layout: string, to: string): Promise<readonly Figures[]> {
  const run = async (a: string, b: string): Promise<Figures> => timed([process.execPath, one, a, b]);
  return [await run(`registry:${from}`, `layout:${layout}`), await run(`layout:${layout}`, `registry:${to}`)];
}

async function withSkopeo(from: string, layout: string, to: string): Promise<readonly Figures[]> {
  const run = (a: string, b: string): Promise<Figures> =>
    timed([skopeo ?? '', '--insecure-policy', 'copy', '-q', '--src-tls-verify=false', '--dest-tls-verify=false', a, b]);
  return [await run(`docker://${from}`, `oci:${layout}:1`), await run(`oci:${layout}:1`, `docker://${to}`)];
}

/** Wall time of a whole process, start-up included, and its peak memory as GNU time or the process itself tells. */
async function timed(command: readonly [string, ...string[]]): Promise<Figures> {
  const time = findProgram('time');
  const started = performance.now();
  const { code, stdout, stderr } = await runProgram(time === undefined ? command : [time, '-f', '%M', ...command]);
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${command.join(' ')} failed: ${stderr}`);
  const told = stdout.startsWith('{') ? (JSON.parse(stdout) as Figures).peakMiB : Number.NaN;
  const kib = Number(stderr.trim().split('\n').at(-1));
  return { seconds, peakMiB: time === undefined || Number.isNaN(kib) ? told : kib / 1024 };
}

async function registry(): Promise<DockerRegistry> {
  const started = await startDockerRegistry({ tmp: dir });
  if ('missing' in started) throw new Error(started.missing);
  return started;
}

/** An image of layers that do not compress, each a gzip of one file. */
async function makeImage(path: string, to: string): Promise<void> {
  const layout = await createLayout(path);
  const base = noise(16 * 1024 * 1024);
  const layers: Descriptor[] = [];
  for (let at = 0; at < layerCount; at++) {
    const file = join(dir, 'layer');
    const gzip = createGzip({ level: 0, chunkSize: 1024 * 1024 });
    const written = once(gzip.pipe(createWriteStream(file)), 'finish');
    const mark = Buffer.from(`layer ${at} `.padEnd(512));
    for (let left = (megabytes / layerCount) * 1024 * 1024; left > 0; left -= base.byteLength) {
      if (!gzip.write(mark)) await once(gzip, 'drain');
      if (!gzip.write(base.subarray(0, Math.min(left, base.byteLength)))) await once(gzip, 'drain');
    }
    gzip.end();
    await written;
    const { createReadStream } = await import('node:fs');
    const blob = await layout.writeBlob(createReadStream(file, { highWaterMark: 1024 * 1024 }));
    layers.push({ mediaType: mediaTypes.ociLayerGzip, ...blob });
    await rm(file);
  }
  const diffIds = layers.map(({ digest }) => digestOf(`uncompressed ${digest}`));
  const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } };
  const configBlob = await layout.writeBytes(Buffer.from(JSON.stringify(config)));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, ...configBlob },
    layers,
  };
  const root = {
    mediaType: mediaTypes.ociManifest,
    ...(await layout.writeBytes(Buffer.from(JSON.stringify(manifest)))),
  };
  await layout.setImage(root, '1');
  const client = createRegistryClient();
  await copyImage({
    from: { kind: 'store', store: layout },
    to: { kind: 'registry', client, references: [parseReference(to)] },
  });
  await client.close();
}

function report(results: Readonly<Record<string, readonly Figures[]>>): void {
  const median = (numbers: readonly number[]): number =>
    [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
  const rows = Object.entries(results).map(([tool, figures]) => ({
    tool,
    'registry → layout (s)': median(figures.filter((_, at) => at % 2 === 0).map(({ seconds }) => seconds)),
    'layout → registry (s)': median(figures.filter((_, at) => at % 2 === 1).map(({ seconds }) => seconds)),
    'both (s)': median(
      figures.filter((_, at) => at % 2 === 0).map(({ seconds }, at) => seconds + (figures[2 * at + 1]?.seconds ?? 0)),
    ),
    'peak (MiB)': Math.max(...figures.map(({ peakMiB }) => peakMiB)),
  }));
  console.table(rows);
  const [ours, theirs] = rows;
  const speed = (theirs?.['both (s)'] ?? 0) / (ours?.['both (s)'] ?? 1);
  console.log(JSON.stringify({ megabytes, rounds, rows, speedOfSkopeo: speed }));
  const claims = [
    { claim: `peak memory of at most ${mostMiB} MiB`, holds: (ours?.['peak (MiB)'] ?? Infinity) <= mostMiB },
    { claim: `at least ${leastSpeed} × as fast as skopeo (${speed.toFixed(2)})`, holds: speed >= leastSpeed },
  ];
  for (const { claim, holds } of claims) console.log(`${holds ? 'pass' : 'FAIL'}: ${claim}`);
  process.exitCode = claims.every(({ holds }) => holds) ? 0 : 1;
}
