import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { codeOf } from '../model/error.js';
import { idMaps } from '../sys/id-map.js';
import { spawnInUserNamespace } from '../sys/user-namespace.js';
import { removeTogether } from './remove-together.js';

/**
 * Removes a folder with all that is in it; nothing may be mounted there. Files that a build gave to other ids of this user are removed as
 * whom they belong to: in a user namespace that has those ids. Errors: those of the file system.
 */
export async function removeFolder(dir: string): Promise<void> {
  try {
    // Somebody may still be writing into it, or has removed a part: then what is left takes more patience.
    await removeTogether(dir).catch(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  } catch (error) {
    const code = codeOf(error);
    if ((code !== 'EACCES' && code !== 'EPERM') || !(await removeAsOwner(dir))) throw error;
  }
}

/** False where there are no further ids, or they are not the owners. */
async function removeAsOwner(dir: string): Promise<boolean> {
  const maps = idMaps(process.env);
  if ('reason' in maps || maps.programs === undefined) return false;
  const env = { PATH: process.env.PATH ?? '' };
  const { child } = spawnInUserNamespace(maps, ['rm', '-rf', '--', dir], {
    env,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0;
  } catch {
    return false;
  }
}
