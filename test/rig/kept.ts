import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { removeFolder } from './remove-folder.js';

/** Where what is dear to make is kept between runs: VARVE_TEST_CACHE, else `varve-test` in the user's cache folder. */
export function keptFolder(): string {
  const chosen = process.env.VARVE_TEST_CACHE;
  if (chosen) return chosen;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'varve-test');
}

/**
 * A folder of the cache, made now when it is not there: `make` gets a path to make it at, and an empty folder for what it needs on
 * the way. It appears under its name only when it is finished.
 */
export async function madeOnce(
  name: string,
  make: (target: string, scratch: string) => Promise<void>,
): Promise<string> {
  const cache = keptFolder();
  const finished = join(cache, name);
  if (existsSync(finished)) return finished;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, `.making-${name}-`));
  try {
    const scratch = join(work, 'scratch');
    mkdirSync(scratch);
    await make(join(work, 'made'), scratch);
    moveOnce(join(work, 'made'), finished);
  } finally {
    removeFolder(work);
  }
  return finished;
}

/** Renames into place; another test process may have finished the same folder first, which is as good. */
function moveOnce(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
