import type { TreePath } from '../model/path.js';
import { pathToBytes } from './bytes.js';

const slash = 0x2f;

/**
 * The order of paths everywhere in Varve: component by component, names by their bytes, a directory right before what is in it
 * (`a`, `a/b`, `a-b`). Independent of locale. Negative, 0 or positive.
 */
export function comparePaths(a: TreePath, b: TreePath): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    if (left === slash) return -1;
    if (right === slash) return 1;
    // UTF-16 units sort like bytes below the surrogates only.
    return left < 0xd800 && right < 0xd800 ? left - right : compareBytes(pathToBytes(a), pathToBytes(b));
  }
  return a.length - b.length;
}

function compareBytes(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a[i] ?? 0;
    const right = b[i] ?? 0;
    if (left === right) continue;
    if (left === slash) return -1;
    return right === slash ? 1 : left - right;
  }
  return a.length - b.length;
}
