import { createHash } from 'node:crypto';

/** What stands for a name of any length in a key, since LMDB's keys are short. */
export function nameKey(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}
