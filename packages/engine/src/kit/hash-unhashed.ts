import { pathToBytes } from '../path/bytes.js';
import { zeroEnded } from '../sys/stat-calls.js';
import { FileHasher } from './file-hasher.js';
import type { RootState } from './root-state.js';

/**
 * Remembers the contents of files that steps wrote, before a next step can change them. A file that is not any more what its
 * evidence says stays unknown, and so counts as changed when it is looked at next.
 */
export async function hashUnhashed(state: RootState): Promise<void> {
  if (state.unhashed.size === 0) return;
  const hasher = new FileHasher(state.hash);
  for (const node of state.unhashed) {
    const place = state.placeOf(node);
    const hash = hasher.hash(undefined, zeroEnded(typeof place === 'string' ? pathToBytes(place) : place), true);
    if (hash !== undefined && state.evidence.matches(node, hasher.row)) state.hashes.set(node, hash);
  }
  state.unhashed.clear();
}
