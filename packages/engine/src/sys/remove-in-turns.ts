import { randomBytes } from 'node:crypto';
import { lstatSync, opendirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work at a time: what else the process has to do waits no longer. */
const turn = 5;
const slash = Buffer.from('/');
/** Bytes of a path, of which Linux takes 4095 at once: a folder that lies deeper is moved up before it is removed. */
const deepest = 2048;

/**
 * Removes a file, or a folder with all that is in it, links not followed. Nothing where there is nothing. A call after the other, in short turns:
 * promises of a hundred thousand removals would take longer and a hundred megabytes. Errors: those of the file system, with part of it gone.
 */
export async function removeInTurns(path: string): Promise<void> {
  const top = lstatSync(path, { throwIfNoEntry: false });
  if (top === undefined) return;
  if (!top.isDirectory()) {
    unlinkSync(path);
    return;
  }
  const ahead: Buffer[] = [Buffer.from(path)];
  for (let dir = ahead.at(-1), until = performance.now() + turn; dir !== undefined; dir = ahead.at(-1)) {
    const inner = removeFiles(dir, until);
    if (inner === 'empty') rmdirSync(ahead.pop() as Buffer);
    else if (inner !== 'later') ahead.push(inner.length > deepest ? movedUp(inner, path) : inner);
    if (performance.now() < until) continue;
    await nextTurn();
    until = performance.now() + turn;
  }
}

function movedUp(dir: Buffer, top: string): Buffer {
  const place = Buffer.from(`${top}/${randomBytes(16).toString('hex')}`);
  renameSync(dir, place);
  return place;
}

/** Removes the files of a folder, up to the first folder in it, which it gives, or until it is late. */
function removeFiles(dir: Buffer, until: number): Buffer | 'empty' | 'later' {
  // Its types do not know that paths and names can be bytes.
  const folder = opendirSync(dir as unknown as string, { encoding: 'buffer' as BufferEncoding, bufferSize: 256 });
  try {
    for (let item = folder.readSync(); item !== null; item = folder.readSync()) {
      const path = Buffer.concat([dir, slash, item.name as unknown as Buffer]);
      if (item.isDirectory()) return path;
      unlinkSync(path);
      if (performance.now() > until) return 'later';
    }
    return 'empty';
  } finally {
    folder.closeSync();
  }
}
