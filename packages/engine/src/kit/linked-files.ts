import { evidenceWords } from './evidence.js';
import type { RootState } from './root-state.js';
import { inodeOfRow, row } from './stat-row.js';

/** A file with several names: those that are known, how many the file system says that there are, and the low word of its inode. */
export interface LinkedFile {
  readonly names: number[];
  readonly links: number;
  readonly inoLow: number;
}

/**
 * Adds names that lack. A directory that was renamed brings new names without touching the files in it, so their other names are as they were
 * and no walk has found them; or one was told before another was there. Gives the nodes that were added. `isThere` tells whether a node that
 * was not found is still what it was.
 */
export function addUntouchedNames(
  { evidence, table }: RootState,
  files: ReadonlyMap<string, LinkedFile>,
  isThere: (node: number) => boolean,
): readonly number[] {
  const incomplete = new Map([...files].filter(([, { names, links }]) => names.length < links));
  const added: number[] = [];
  if (incomplete.size === 0) return added;
  const inoLows = new Set([...incomplete.values()].map(({ inoLow }) => inoLow));
  const found = new Uint32Array(row.words);
  const { rows } = evidence.view;
  for (let node = 0; node < table.top; node++) {
    if (!inoLows.has(rows[node * evidenceWords + row.inoLow] as number) || !evidence.has(node)) continue;
    evidence.read(node, found);
    const file = incomplete.get(inodeOfRow(found, 0));
    if (file === undefined || !isThere(node)) continue;
    file.names.push(node);
    added.push(node);
  }
  return added;
}
