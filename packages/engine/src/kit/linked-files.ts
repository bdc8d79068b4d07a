import type { RootState } from './root-state.js';
import { inodeOfRow, row } from './stat-row.js';

/** A file with several names: those that are known, and how many the file system says that there are. */
export interface LinkedFile {
  readonly names: number[];
  readonly links: number;
}

/**
 * Adds names that lack: a directory that was renamed brings new names without touching the files in it, so their other names are as they were,
 * and no walk has found them. Gives the nodes that were added. `isThere` tells whether a node that was not found is still what it was.
 */
export function addUntouchedNames(
  state: RootState,
  files: ReadonlyMap<string, LinkedFile>,
  isThere: (node: number) => boolean,
): readonly number[] {
  const incomplete = new Map([...files].filter(([, { names, links }]) => names.length < links));
  const added: number[] = [];
  if (incomplete.size === 0) return added;
  const evidence = new Uint32Array(row.words);
  for (const node of state.table.groups.linked()) {
    if (!state.evidence.has(node)) continue;
    state.evidence.read(node, evidence);
    const file = incomplete.get(inodeOfRow(evidence, 0));
    if (file === undefined || !isThere(node)) continue;
    file.names.push(node);
    added.push(node);
  }
  return added;
}
