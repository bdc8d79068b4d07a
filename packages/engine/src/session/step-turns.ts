import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheHit } from '../model/key.js';
import type { PlannedStep } from '../model/plan.js';
import type { CacheStack } from '../providers/cache-stack.js';
import type { StepTurn } from '../run/tools.js';
import { type FileLock, lock, tryLock } from '../store/lock.js';
import type { Session } from './session.js';

/**
 * Takes the turn to run a step. Builds on one store, and stages of one build, that come to the same step at the same time let one do it and
 * take what it made. Nobody waits while holding a turn, so they cannot wait for each other. The kernel ends the turn of a build that is killed.
 */
export async function takeTurn(session: Session, caches: CacheStack, { key, step }: PlannedStep): Promise<StepTurn> {
  const { options, signal, store } = session;
  if (key === undefined || options.noCache || !caches.remembersHere) return ended();
  const path = join(store.ingestDir, `step-${key}.lock`);
  const held = tryLock(path) ?? (await waitFor(session, path, step.label));
  const release = (): void => {
    rmSync(path, { force: true });
    held.release();
  };
  try {
    const found = await caches.findHere(key, signal);
    if (!found) return { [Symbol.dispose]: release };
    release();
    return ended(found);
  } catch (error) {
    release();
    throw error;
  }
}

async function waitFor({ progress, signal }: Session, path: string, label: string): Promise<FileLock> {
  const what = `another build that runs ${label}`;
  progress.report('wait', what);
  try {
    return await lock(path, signal);
  } finally {
    progress.report('wait', what, { done: true });
  }
}

function ended(found?: CacheHit): StepTurn {
  return { ...(found ? { found } : {}), [Symbol.dispose]: () => undefined };
}
