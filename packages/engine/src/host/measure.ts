import { createHash } from 'node:crypto';
import { appendFileSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { unpackLayer } from '../layer/index.js';
import { bytesToPath, onDisk } from '../path/bytes.js';
import { childPath } from '../path/name.js';
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

function doDeed(dir: string, deed: Exclude<MeasureDeed, { readonly kind: 'step' }>): void {
  if (deed.files === 0) return;
  const files = regularFiles(dir);
  const each = Math.max(1, Math.floor(files.length / deed.files));
  for (let i = 0; i < deed.files && i * each < files.length; i++) {
    const place = onDisk(dir, files[i * each] as string);
    if (deed.kind === 'append') appendFileSync(place, 'x');
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

/** Files that have bytes and no other name, in an order that depends on nothing but their names. */
function regularFiles(dir: string, path = ''): readonly string[] {
  const found: string[] = [];
  for (const ahead = [path]; ahead.length > 0; ) {
    const folder = ahead.pop() as string;
    for (const entry of readdirSync(onDisk(dir, folder), { withFileTypes: true, encoding: 'buffer' })) {
      const inner = childPath(folder, bytesToPath(entry.name));
      if (entry.isDirectory()) ahead.push(inner);
      else if (entry.isFile()) {
        const { nlink, size } = lstatSync(onDisk(dir, inner));
        if (nlink === 1 && size > 0) found.push(inner);
      }
    }
  }
  return found.sort();
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
