import { accessSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileSystemType } from '../sys/file-system.js';

/** Where a container has a tmpfs that anybody may use. */
const shared = '/dev/shm';
const prefix = 'varve-step-';

/**
 * A new folder for what may come to no disk and into no layer, for one step: in memory where the container has some to write to. Whoever
 * knows a name in it may go there: how a file is shown to the users of a step is said by its own mode.
 *
 * @param otherwise an existing folder in which it is where there is no memory
 */
export function makeMemoryFolder(otherwise: string): string {
  return mkdtempSync(join(isUsable(shared) ? shared : otherwise, `${prefix}${process.pid}-`));
}

/** Whether a path lies in such a folder. */
export function isMemory(path: string): boolean {
  return path.split('/').some(name => name.startsWith(prefix));
}

/** Removes those of processes that are gone. */
export function removeDeadMemory(otherwise: string): void {
  for (const dir of [shared, otherwise])
    for (const name of isUsable(dir) || dir === otherwise ? readdirSync(dir) : []) {
      const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : undefined;
      if (pid !== undefined && !isAlive(pid)) rmSync(join(dir, name), { recursive: true, force: true });
    }
}

function isUsable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    return fileSystemType(dir) === 'tmpfs';
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
