import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { removeInTurns } from '../sys/remove-in-turns.js';

/** Folders side by side: where there are fewer, one thread has removed all before another one has started. */
const worthSharing = 400;
/** Turns in which a little is gone before its folders would have been counted. */
const aLittle = 2;
/** A root lies three levels below the folder that it is removed with. */
const deepest = 7;
const slash = Buffer.from('/');

/** Folders that lie in no other of them, as bytes of their paths. */
export interface RemovalOrder {
  readonly parts: readonly Uint8Array[];
  /** How many of them were taken so far. */
  readonly taken: Int32Array;
}

/**
 * Removes a file, or a folder with all that is in it, as `removeInTurns` does; of a large one two threads remove folders side by side. Errors:
 * those of the file system.
 */
export async function removeTogether(path: string): Promise<void> {
  if (await removeInTurns(path, aLittle)) return;
  const parts = partsOf(path);
  if (parts.length >= worthSharing) {
    const order = { parts, taken: new Int32Array(new SharedArrayBuffer(4)) };
    const worker = new Worker(new URL('./remove-worker.js', import.meta.url), { workerData: order });
    // What it leaves, for whatever reason, is removed below.
    const other = once(worker, 'exit').catch(() => undefined);
    await removeParts(order).catch(() => undefined);
    await other;
  }
  await removeInTurns(path);
}

/** Removes what nobody has taken yet. */
export async function removeParts({ parts, taken }: RemovalOrder): Promise<void> {
  for (;;) {
    const part = parts[Atomics.add(taken, 0, 1)];
    if (part === undefined) return;
    await removeInTurns(Buffer.from(part));
  }
}

/** The folders of the first level that has enough of them, if one does; links are none. */
function partsOf(path: string): readonly Buffer[] {
  let level: readonly Buffer[] = [Buffer.from(path)];
  for (let depth = 0; depth < deepest && level.length < worthSharing; depth++) level = level.flatMap(foldersIn);
  return level;
}

/** None of one that cannot be read: whoever removes it meets the error. */
function foldersIn(dir: Buffer): readonly Buffer[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true, encoding: 'buffer' as BufferEncoding });
    const names = entries.filter(entry => entry.isDirectory()).map(({ name }) => name as unknown as Buffer);
    return names.map(name => Buffer.concat([dir, slash, name]));
  } catch {
    return [];
  }
}
