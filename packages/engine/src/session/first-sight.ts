import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BuildOptions } from '../model/options.js';
import type { Store } from '../store/store.js';
import { knowsNothing } from './inputs.js';

/**
 * Whether the build will most likely run something, as far as can be said before anything of it is opened: no cache knows a step of it, and its
 * Dockerfile, a file of this machine, has a RUN. Says no where it cannot be seen; whoever acts on it must be able to take that back.
 */
export function runsAtFirstSight(options: BuildOptions, store: Pick<Store, 'isNew'>): boolean {
  if (!knowsNothing(options, store)) return false;
  const { cwd, context, file } = options;
  const path = file === undefined ? join(resolve(cwd, context), 'Dockerfile') : resolve(cwd, file);
  try {
    // What can be read but once is left to whoever needs all of it.
    return statSync(path).isFile() && /^\s*RUN\s/im.test(readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
}
