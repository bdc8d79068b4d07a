import { createHash } from 'node:crypto';
import { appendFileSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { unpackLayer } from '../layer/index.js';
import { onDisk } from '../path/bytes.js';
import type { StageRoot } from '../plugin/snapshotter.js';
import { setTimes } from '../sys/times.js';
import type { LayerInputParams, MeasureDeed, MeasuredCapture } from './protocol.js';
import type { HostSurroundings } from './surroundings.js';

/** Unpacks layers into a folder as any root does, and does nothing else. Gives milliseconds. */
export async function measureUnpacking(
  around: HostSurroundings,
  { dir, layers }: { readonly dir: string; readonly layers: readonly LayerInputParams[] },
  signal: AbortSignal,
): Promise<number> {
  const began = performance.now();
  for (const layer of layers) {
    await unpackLayer(around.tar(layer, signal), { dir, canChown: process.geteuid?.() === 0, signal });
  }
  return performance.now() - began;
}

/**
 * Does something to files of a root, as a step would, and finds it: the snapshotter's two calls are measured, what is done between
 * them is not. `step`: a step has run since the last capture, and what it did is what is to be found.
 */
export async function measureCapture(
  root: StageRoot,
  deed: MeasureDeed,
  signal: AbortSignal,
): Promise<MeasuredCapture> {
  const read = bytesRead();
  const prepare = deed.kind === 'step' ? 0 : await timed(() => root.beforeRun());
  const prepared = bytesRead() - read;
  if (deed.kind !== 'step') doDeed(root.dir, deed);
  const told: string[] = [];
  const before = bytesRead();
  const find = await timed(async () => {
    for await (const { kind, path } of root.capture([], signal)) told.push(`${kind} ${path}`);
  });
  const changes = { count: told.length, digest: createHash('sha256').update(told.join('\0')).digest('hex') };
  return { prepare, find, bytesRead: prepared + bytesRead() - before, ...changes, told: told.slice(0, deed.told) };
}

/** Peak memory of this process, in bytes. */
export function peakMemory(): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(procFile('status'))?.[1] ?? 0) * 1024;
}

/** Touches these files and looks at no other: what a root has been looked at for counts where an overlay is taken away. */
function doDeed(dir: string, { kind, files }: Exclude<MeasureDeed, { readonly kind: 'step' }>): void {
  for (const file of files) {
    const place = onDisk(dir, file);
    if (kind === 'append') appendFileSync(place, 'x');
    else rewriteUnseen(place);
  }
}

/** Changes a byte of a file and puts its time of modification back. */
function rewriteUnseen(place: string | Buffer): void {
  const { mtimeNs } = lstatSync(place, { bigint: true });
  const content = readFileSync(place);
  content[0] = ((content[0] ?? 0) + 1) & 0xff;
  writeFileSync(place, content);
  setTimes(place, mtimeNs);
}

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

/** Bytes that this process has read so far, from disk or cache. */
function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(procFile('io'))?.[1] ?? 0);
}

function procFile(name: string): string {
  return readFileSync(`/proc/self/${name}`, 'utf8');
}
