import { randomBytes } from 'node:crypto';
import { type Dir, lstatSync, opendirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { clock } from './clock.js';

/** Milliseconds of work at a time: what else the process has to do waits no longer. */
const turn = 5;
const slash = Buffer.from('/');
/** Bytes of a path, of which Linux takes 4095 at once: a folder that lies deeper is moved up before it is removed. */
const deepest = 2048;

/** A folder that is being removed. */
interface Removal {
  readonly path: Buffer;
  /** Names of folders in it that were found and are still there. */
  readonly folders: Buffer[];
  /** How far it has been read; undefined: to its end. */
  reading: Dir | undefined;
  /** Whether there was anything in it when it was read last. */
  hadSome: boolean;
}

/**
 * Removes a file, or a folder with all that is in it, links not followed. Nothing where there is nothing. A call after the other, in short turns:
 * promises of a hundred thousand removals would take longer and a hundred megabytes. False where that took more than so many turns, with part of it
 * gone. Errors: those of the file system, the same.
 */
export async function removeInTurns(path: string | Buffer, turns = Number.POSITIVE_INFINITY): Promise<boolean> {
  const top = lstatSync(path, { throwIfNoEntry: false });
  if (top === undefined) return true;
  if (!top.isDirectory()) {
    unlinkSync(path);
    return true;
  }
  const start = typeof path === 'string' ? Buffer.from(path) : path;
  const ahead: Removal[] = [removalOf(start)];
  try {
    for (let at = ahead.at(-1), until = clock() + turn, took = 0; at !== undefined; at = ahead.at(-1)) {
      removeFiles(at, until);
      const name = at.reading === undefined ? at.folders.pop() : undefined;
      if (name !== undefined) ahead.push(removalOf(within(at.path, name, start)));
      else if (at.reading === undefined && removed(at)) ahead.pop();
      if (clock() < until) continue;
      if (++took >= turns) return ahead.length === 0;
      await nextTurn();
      until = clock() + turn;
    }
    return true;
  } finally {
    for (const { reading } of ahead) reading?.closeSync();
  }
}

function removalOf(path: Buffer): Removal {
  return { path, folders: [], reading: open(path), hadSome: false };
}

function open(path: Buffer): Dir {
  // Its types do not know that paths and names can be bytes.
  return opendirSync(path as unknown as string, { encoding: 'buffer' as BufferEncoding, bufferSize: 256 });
}

/** Where a folder is removed from: from near the top where its path is too long. */
function within(dir: Buffer, name: Buffer, top: Buffer): Buffer {
  const path = Buffer.concat([dir, slash, name]);
  if (path.length <= deepest) return path;
  const place = Buffer.concat([top, slash, Buffer.from(randomBytes(16).toString('hex'))]);
  renameSync(path, place);
  return place;
}

/** Removes the files of a folder and notes the folders in it, to its end or until it is late. */
function removeFiles(at: Removal, until: number): void {
  if (at.reading === undefined) return;
  for (let item = at.reading.readSync(); item !== null; item = at.reading.readSync()) {
    at.hadSome = true;
    const name = item.name as unknown as Buffer;
    if (item.isDirectory()) at.folders.push(name);
    else unlinkSync(Buffer.concat([at.path, slash, name]));
    if (clock() > until) return;
  }
  at.reading.closeSync();
  at.reading = undefined;
}

/** Removes a folder that was emptied. Where something is in it again it is read once more: false. */
function removed(at: Removal): boolean {
  try {
    rmdirSync(at.path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || !at.hadSome) throw error;
    at.reading = open(at.path);
    at.hadSome = false;
    return false;
  }
}
