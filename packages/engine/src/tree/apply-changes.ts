import type { Change } from '../model/change.js';
import { joinGroup } from './node-entry.js';
import { findNode } from './node-path.js';
import { type NodeTable, rootNode } from './node-table.js';
import { EntryPlacer } from './place.js';

/** Lays changes on a tree, in their order. Link groups of the changes are joined among themselves only. */
export function layChanges(table: NodeTable, changes: Iterable<Change>): void {
  const groups = new Map<number, number>();
  const placer = new EntryPlacer(table);
  for (const change of changes) {
    if (change.kind === 'delete') {
      const node = findNode(table, change.path);
      if (node === rootNode) table.clear(node);
      else if (node !== -1) table.remove(node);
      continue;
    }
    const node = placer.place(change.path, change.entry);
    if (change.kind === 'replace') table.clear(node);
    const group = change.entry.linkGroup;
    if (group === undefined || change.entry.type !== 'file') continue;
    const known = groups.get(group) ?? table.groups.fresh();
    groups.set(group, known);
    joinGroup(table, known, node);
  }
}
