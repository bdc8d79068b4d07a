import type { NodeTable } from '../tree/node-table.js';
import { rootNode } from '../tree/node-table.js';

/** So many parts are made of a tree at most, roughly: enough for threads to end at the same time. */
const partsAimedAt = 32;

/**
 * A directory with what is below it, down to the next part; of a directory with very many entries a slice: those whose node leaves
 * the remainder `slice` when divided by `slices`. What is new in a directory belongs to its slice 0.
 */
export interface TreePart {
  readonly node: number;
  readonly slice: number;
  readonly slices: number;
}

/** The part that is the whole tree, where there are no others. */
export const wholeTree: TreePart = { node: rootNode, slice: 0, slices: 1 };

/** Cuts a tree into parts of similar size, largest first; the root is one, or several. */
export function treeParts(table: NodeTable): readonly TreePart[] {
  const sizes = directorySizes(table);
  const most = Math.max(1, Math.ceil((sizes[rootNode] as number) / partsAimedAt));
  const directories = [rootNode];
  const { first, next } = table.columns;
  for (const ahead = [rootNode]; ahead.length > 0; ) {
    const node = ahead.pop() as number;
    for (let child = first[node] as number; child !== -1; child = next[child] as number) {
      const size = sizes[child] as number;
      if (size < most) continue;
      directories.push(child);
      sizes[node] = (sizes[node] as number) - size;
      ahead.push(child);
    }
  }
  // What is left in a directory that is still larger lies in many small ones, or is very many entries: either can be sliced.
  const slicesOf = (node: number): number => Math.max(1, Math.ceil((sizes[node] as number) / most));
  const rest = (part: TreePart): number => (sizes[part.node] as number) / part.slices;
  return directories
    .flatMap(node => {
      const slices = slicesOf(node);
      return Array.from({ length: slices }, (_, slice): TreePart => ({ node, slice, slices }));
    })
    .sort((a, b) => rest(b) - rest(a));
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
