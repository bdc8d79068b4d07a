import { readFileSync } from 'node:fs';
import { followInRoot, onDisk } from '../executor/path-in-root.js';

/** Nobody's passwd is larger, and a step must not be able to fill our memory. */
const largest = 16 << 20;

/** The text of a file in a root, links followed inside it; `''` where there is no such file. */
export function readInRoot(root: string, path: string): string {
  const { existing, missing, stats } = followInRoot(root, path);
  if (missing.length > 0 || !stats.isFile() || stats.size > largest) return '';
  return readFileSync(onDisk(root, existing), 'utf8');
}
