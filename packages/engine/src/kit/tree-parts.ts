import type { NodeTable } from '../tree/node-table.js';
import { rootNode } from '../tree/node-table.js';

/** So many parts are made of a tree at most, roughly: enough for threads to end at the same time. */
const partsAimedAt = 32;

/**
 * Cuts a tree into parts of similar size: directories, each standing for what is below it down to the next part. Largest first; the
 * root is one. A single huge directory is not cut.
 */
export function treeParts(table: NodeTable): readonly number[] {
  const sizes = directorySizes(table);
  const total = sizes[rootNode] as number;
  const parts = [rootNode];
  const { first, next } = table.columns;
  for (const ahead = [rootNode]; ahead.length > 0; ) {
    const node = ahead.pop() as number;
    for (let child = first[node] as number; child !== -1; child = next[child] as number) {
      const size = sizes[child] as number;
      if (size * partsAimedAt < total) continue;
      parts.push(child);
      sizes[node] = (sizes[node] as number) - size;
      ahead.push(child);
    }
  }
  return parts.sort((a, b) => (sizes[b] as number) - (sizes[a] as number));
}

/** For each directory how many nodes are below it; 0 for anything else. */
function directorySizes(table: NodeTable): Float64Array {
  const { first, next, parent } = table.columns;
  const sizes = new Float64Array(table.top);
  const directories = [rootNode];
  for (let i = 0; i < directories.length; i++) {
    const node = directories[i] as number;
    for (let child = first[node] as number; child !== -1; child = next[child] as number) {
      sizes[node] = (sizes[node] as number) + 1;
      if (first[child] !== -1) directories.push(child);
    }
  }
  for (let i = directories.length - 1; i > 0; i--) {
    const node = directories[i] as number;
    const above = parent[node] as number;
    sizes[above] = (sizes[above] as number) + (sizes[node] as number);
  }
  return sizes;
}
