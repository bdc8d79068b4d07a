import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Dockerfile } from '@varve/dockerfile';
import { isExecutorImage } from '../host/executor-image.js';
import type { BuildOptions } from '../model/options.js';
import type { Store } from '../store/store.js';

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

/**
 * Whether the process of a root host is worth starting before anything else: nothing takes as long to get ready. Where steps may run in the container's own
 * root more is asked first.
 */
export function startsAtOnce(options: BuildOptions, store: Pick<Store, 'isNew'>): boolean {
  return runsAtFirstSight(options, store) && options.executor?.id !== 'inplace' && !isExecutorImage();
}

/** Whether a RUN of the target will be run whatever is found out about the rest: so much can be known before its base is. */
export function surelyRuns(options: BuildOptions, store: Pick<Store, 'isNew'>, { stages }: Dockerfile): boolean {
  const { target = '' } = options;
  if (!knowsNothing(options, store)) return false;
  const last = target === '' ? stages.at(-1) : stages.findLast(({ name }) => name === target.toLowerCase());
  return last?.instructions.some(({ keyword }) => keyword === 'RUN') ?? false;
}

/** Whether no cache is asked, or the only one is in a store that was just made. */
function knowsNothing({ noCache, caches }: BuildOptions, store: Pick<Store, 'isNew'>): boolean {
  return noCache === true || (store.isNew && caches === undefined);
}
