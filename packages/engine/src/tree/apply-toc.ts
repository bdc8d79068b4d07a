import type { LayerEntry, LayerMark, LayerToc } from '../model/toc.js';
import { groupOf, isFile, joinGroup } from './node-entry.js';
import { findNode } from './node-path.js';
import type { NodeTable } from './node-table.js';
import { EntryPlacer } from './place.js';

/**
 * Lays a layer on a tree, by image-spec's layer.md: whiteouts and opaque directories hide what lower layers hold, wherever in the
 * tar they stand, and never an entry of their own layer; of two entries for one path the last one counts. It pauses every millisecond or
 * two, for whoever has something else to do meanwhile than to look at the tree.
 */
export function* layToc(table: NodeTable, toc: LayerToc): Generator<void, void, undefined> {
  for (const mark of toc.marks ?? [...toc.entries].filter(isMark)) hide(table, mark);
  const groups = new Map<number, number>();
  const placer = new EntryPlacer(table);
  let laid = 0;
  for (const item of toc.entries) {
    if (++laid % entriesAtOnce === 0) yield;
    if (item.kind !== 'write') continue;
    const target = item.linkTo === undefined ? -1 : findNode(table, item.linkTo);
    const node = placer.place(item.path, item.entry);
    if (item.entry.type !== 'file') continue;
    // What it names may have become a directory since: a later entry was below it.
    if (target !== -1 && target !== node && isFile(table, target)) joinGroup(table, groupOf(table, target), node);
    else if (item.entry.linkGroup !== undefined) {
      const known = groups.get(item.entry.linkGroup) ?? table.groups.fresh();
      groups.set(item.entry.linkGroup, known);
      joinGroup(table, known, node);
    }
  }
}

const entriesAtOnce = 1024;

function isMark(entry: LayerEntry): entry is LayerMark {
  return entry.kind !== 'write';
}

function hide(table: NodeTable, entry: LayerMark): void {
  const node = findNode(table, entry.path);
  if (node === -1) return;
  if (entry.kind === 'opaque' || entry.path === '') table.clear(node);
  else table.remove(node);
}
