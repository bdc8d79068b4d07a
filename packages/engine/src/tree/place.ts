import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import { pathToBytes } from '../path/bytes.js';
import { writeEntry } from './node-entry.js';
import { type NodeTable, rootNode } from './node-table.js';

const slash = 0x2f;

/** Metadata of a directory that a layer forgot to mention: what every loader gives it. */
const unmentioned: FileEntry = { type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtimeNs: 0n };

/**
 * Puts an entry at a path and returns its node. A directory laid on a directory keeps its children; anything else replaces what
 * was there. Missing parents are made 0755 root:root; a parent that is no directory (a link, say) gives way to one, so that
 * no entry is ever placed through a link.
 */
export function placeEntry(
  table: NodeTable,
  path: TreePath,
  entry: FileEntry,
  removed?: (node: number) => void,
): number {
  let at = rootNode;
  if (path !== '') {
    const bytes = pathToBytes(path);
    for (let from = 0; from <= bytes.length; ) {
      if (!table.isDirectory(at)) writeEntry(table, at, unmentioned);
      let to = bytes.indexOf(slash, from);
      if (to === -1) to = bytes.length;
      let child = table.child(at, bytes, from, to);
      if (child === -1) {
        child = table.add(at, bytes, from, to);
        writeEntry(table, child, unmentioned);
      }
      at = child;
      from = to + 1;
    }
  }
  if (entry.type !== 'directory' && table.columns.first[at] !== -1) table.clear(at, removed);
  writeEntry(table, at, entry);
  return at;
}
