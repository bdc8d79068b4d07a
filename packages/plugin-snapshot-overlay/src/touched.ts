import { haveSameContent, onDisk } from '@varve/engine/kit';
import { codeOf, type TreePath } from '@varve/engine/plugin';
import type { Views } from './candidate.js';

/** Whether a file that was copied up holds what it held. One that vanishes meanwhile does not. */
export function hasSameContent(path: TreePath, { before, after }: Views): boolean {
  try {
    return haveSameContent(onDisk(before, path), onDisk(after, path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
