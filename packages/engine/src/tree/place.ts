import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import { pathToBytes, plainBytes } from '../path/bytes.js';
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
  /** Where names are made bytes. */
  readonly #scratch = new Uint8Array(256);

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
      this.#dirNode = cut === 0 ? rootNode : this.#descend(pathToBytes(this.#dir));
      this.#removals = this.#table.removals;
    }
    const start = cut === 0 ? 0 : cut + 1;
    const length = plainBytes(path, start, this.#scratch);
    if (length !== -1) return this.#child(this.#dirNode, this.#scratch, 0, length);
    const name = pathToBytes(path.slice(start));
    return this.#child(this.#dirNode, name, 0, name.length);
  }

  /** The directory of a path, made where it is missing. */
  #descend(path: Uint8Array): number {
    let at: number = rootNode;
    for (let start = 0; start <= path.length; ) {
      let end = path.indexOf(slash, start);
      if (end === -1) end = path.length;
      at = this.#child(at, path, start, end);
      if (!this.#table.isDirectory(at)) writeEntry(this.#table, at, unmentioned);
      start = end + 1;
    }
    return at;
  }

  /** A node of a directory; a new one says nothing yet. */
  #child(dir: number, name: Uint8Array, from: number, to: number): number {
    const known = this.#table.child(dir, name, from, to);
    return known === -1 ? this.#table.add(dir, name, from, to) : known;
  }
}
