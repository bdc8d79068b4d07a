import { accessSync, constants, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * The store's folder when none is named: VARVE_STORE, XDG_CACHE_HOME/varve, HOME/.cache/varve, else the first of /scratch, TMPDIR and
 * /tmp that can be written to.
 */
export function defaultStoreDir(env: Readonly<Record<string, string | undefined>>, cwd: string): string {
  if (env.VARVE_STORE) return resolve(cwd, env.VARVE_STORE);
  const homes = [env.XDG_CACHE_HOME, env.HOME && env.HOME !== '/' ? join(env.HOME, '.cache') : undefined];
  for (const home of homes) if (home && canMake(join(home, 'varve'))) return join(home, 'varve');
  for (const folder of ['/scratch', env.TMPDIR, '/tmp'])
    if (folder && isWritable(folder)) return join(folder, `varve-${process.getuid?.() ?? 0}`);
  return resolve(cwd, '.varve');
}

function canMake(dir: string): boolean {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return isWritable(dir);
  } catch {
    return false;
  }
}

function isWritable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
