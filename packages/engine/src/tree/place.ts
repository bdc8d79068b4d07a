import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import { pathToBytes } from '../path/bytes.js';
import { writeEntry } from './node-entry.js';
import { type NodeTable, rootNode } from './node-table.js';

const slash = 0x2f;

/** Metadata of a directory that a layer forgot to mention: what every loader gives it. */
const unmentioned: FileEntry = { type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtimeNs: 0n };

/**
 * Puts entries into a tree. A directory laid on a directory keeps its children; anything else replaces what was there. Missing parents are
 * made 0755 root:root; a parent that is no directory (a link, say) gives way to one, so that no entry is ever placed through a link.
 */
export class EntryPlacer {
  readonly #table: NodeTable;
  readonly #removed: ((node: number) => void) | undefined;
  /** The directory of the entry before, which most often is that of the next one too; good as long as nothing was removed. */
  #dir = '';
  #dirNode = rootNode;
  #removals: number;

  /** `removed` is called for each node that gives way, while it says what it was. */
  constructor(table: NodeTable, removed?: (node: number) => void) {
    this.#table = table;
    this.#removed = removed;
    this.#removals = table.removals;
  }

  /** Puts an entry at a path and returns its node. */
  place(path: TreePath, entry: FileEntry): number {
    const table = this.#table;
    const node = path === '' ? rootNode : this.#node(path);
    if (entry.type !== 'directory' && table.columns.first[node] !== -1) table.clear(node, this.#removed);
    writeEntry(table, node, entry);
    return node;
  }

  #node(path: TreePath): number {
    const cut = Math.max(0, path.lastIndexOf('/'));
    const isNear = this.#dir.length === cut && this.#removals === this.#table.removals && path.startsWith(this.#dir);
    if (!isNear) {
      this.#dir = path.slice(0, cut);
      this.#dirNode = cut === 0 ? rootNode : this.#descend(rootNode, pathToBytes(this.#dir));
      this.#removals = this.#table.removals;
    }
    return this.#descend(this.#dirNode, pathToBytes(cut === 0 ? path : path.slice(cut + 1)));
  }

  /** The node of a path below another, made where it is missing. */
  #descend(from: number, path: Uint8Array): number {
    const table = this.#table;
    let at = from;
    for (let start = 0; start <= path.length; ) {
      if (!table.isDirectory(at)) writeEntry(table, at, unmentioned);
      let end = path.indexOf(slash, start);
      if (end === -1) end = path.length;
      let child = table.child(at, path, start, end);
      if (child === -1) {
        child = table.add(at, path, start, end);
        writeEntry(table, child, unmentioned);
      }
      at = child;
      start = end + 1;
    }
    return at;
  }
}
