import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BaseName, pushBases } from '@varve/test/rig/bases';
import { type Registry, startRegistry } from '@varve/test/rig/registry';
import { openWorkbench, type Workbench } from '@varve/test/rig/workbench';
import { type Contender, varveContender } from './contenders.js';

/** Where scenarios happen: stores and the registry on tmpfs, contexts on a disk as people's are. */
export interface World {
  /** On tmpfs. */
  readonly bench: Workbench;
  /** On disk. */
  readonly disk: Workbench;
  readonly registry: Registry;
  readonly varve: Contender;
  /** All that take part, Varve first. */
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** The reference of a base, which is in the registry then. */
  base(name: BaseName): Promise<string>;
}

/** Opens a world; `peers` start the others. It closes with the two workbenches. */
export async function openWorld(
  rounds: number,
  peers: readonly ((bench: Workbench) => Promise<Contender>)[],
): Promise<World & AsyncDisposable> {
  const bench = openWorkbench('bench', '/dev/shm');
  const disk = openWorkbench('bench');
  const registry = await startRegistry(bench);
  const varve = await varveContender(bench);
  const contenders = [varve];
  for (const start of peers) contenders.push(await start(bench));
  const pushed = new Set<BaseName>();
  return {
    bench,
    disk,
    registry,
    varve,
    contenders,
    rounds,
    async base(name) {
      if (!pushed.has(name)) await pushBases(registry, [name]);
      pushed.add(name);
      return `${registry.host}/${name}`;
    },
    async [Symbol.asyncDispose]() {
      await bench.close();
      await disk.close();
    },
  };
}

/** A context on disk. Files are made in folders of a hundred. */
export function writeContext(
  world: World,
  name: string,
  files: number,
  dockerfile: string,
): { context: string; dockerfile: string } {
  const context = world.disk.path(name);
  for (let index = 0; index < files; index += 1) {
    const folder = join(context, 'src', `folder-${Math.floor(index / 100)}`);
    if (index % 100 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${index}.txt`), sourceText(index));
  }
  mkdirSync(context, { recursive: true });
  const file = world.disk.path(`${name}.Dockerfile`);
  writeFileSync(file, dockerfile);
  return { context, dockerfile: file };
}

/** A text of 1 to 8 kB that compresses to a third or so, as sources do; the same for the same number. */
function sourceText(index: number): string {
  const lines = 20 + (index % 140);
  const words = Array.from({ length: lines }, (_, line) =>
    createHash('sha256').update(`${index} ${line}`).digest('base64').slice(0, 24),
  );
  return words.map((word, line) => `  ${line}: const value = call("${word}");\n`).join('');
}
