import { createHash } from 'node:crypto';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import { findNode } from '../tree/node-path.js';
import { type NodeTable, rootNode } from '../tree/node-table.js';
import { entryOfRow, inodeOfRow, packStat, row } from './stat-row.js';

/** Words of a row that tell one version of a file from another: inode, ctime, mtime, size, mode, owner, device. */
const evidenceWords = row.nlink;
/** Bytes of a file's evidence. */
export const evidenceBytes = evidenceWords * 4;

/**
 * The longest tick by which file systems' times move, in milliseconds, twice over: a file that was changed this shortly before it was
 * looked at may change again without its ctime showing it.
 */
const tick = 20;

/** What statx(2) said of everything in a folder when it was looked through. */
export class FolderEvidence {
  readonly #table: NodeTable;
  readonly #began = Date.now();
  #rows = new Uint32Array(row.words * 64);

  constructor(table: NodeTable) {
    this.#table = table;
  }

  /** Takes the words that statx(2) wrote of a node. */
  set(node: number, stat: Uint32Array): void {
    if ((node + 1) * row.words > this.#rows.length) {
      const larger = new Uint32Array(this.#rows.length * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    packStat(stat, this.#rows, node * row.words);
  }

  /** What a node is, but for its link target and extended attributes; undefined where it could not be looked at. */
  entry(node: number): { readonly entry: FileEntry; readonly links: number; readonly inode: string } | undefined {
    const at = node * row.words;
    const entry = entryOfRow(this.#rows, at);
    return entry && { entry, links: this.#rows[at + row.nlink] as number, inode: inodeOfRow(this.#rows, at) };
  }

  /**
   * What tells this version of a file from every other; undefined where stat proves nothing: the file is on another file system than the
   * folder, or had changed just before it was looked at.
   */
  of(path: TreePath): Uint8Array | undefined {
    const node = findNode(this.#table, path);
    return node === -1 || !this.#proves(node) ? undefined : this.#bytes(node);
  }

  /** SHA-256 over all names with their evidence, in the order of the directories; undefined where stat proves nothing of one of them. */
  fingerprint(): Uint8Array | undefined {
    const { columns } = this.#table;
    const hash = createHash('sha256');
    const block = Buffer.allocUnsafe(1 << 16);
    let used = 0;
    for (const node of liveNodes(this.#table)) {
      if (!this.#proves(node)) return undefined;
      const name = this.#table.name(node);
      if (used + 6 + name.length + evidenceBytes > block.length) {
        hash.update(block.subarray(0, used));
        used = 0;
      }
      used = block.writeInt32LE(columns.parent[node] as number, used);
      used = block.writeUInt16LE(name.length, used);
      block.set(name, used);
      used += name.length;
      block.set(this.#bytes(node), used);
      used += evidenceBytes;
    }
    return hash.update(block.subarray(0, used)).digest();
  }

  #proves(node: number): boolean {
    const at = node * row.words;
    const device = this.#rows[rootNode * row.words + row.dev];
    return this.#rows[at + row.dev] === device && this.#changedMs(at) <= this.#began - tick;
  }

  #changedMs(at: number): number {
    const seconds = this.#rows[at + row.ctimeSeconds] as number;
    const rest = this.#rows[at + row.ctimeRest] as number;
    return ((rest >>> 30) * 2 ** 32 + seconds) * 1000 + (rest & 0x3fffffff) / 1e6;
  }

  #bytes(node: number): Uint8Array {
    return new Uint8Array(this.#rows.buffer, node * row.words * 4, evidenceBytes);
  }
}

/** The nodes of a table, the root first and every other one after the directory that it is in. */
export function* liveNodes(table: NodeTable): Generator<number> {
  const { first, next } = table.columns;
  const ahead = [rootNode];
  for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
    yield node;
    for (let child = first[node] as number; child !== -1; child = next[child] as number) ahead.push(child);
  }
}
