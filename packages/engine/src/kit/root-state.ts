import type { TreePath } from '../model/path.js';
import { onDisk } from '../path/bytes.js';
import { nodePath } from '../tree/node-path.js';
import { NodeTable } from '../tree/node-table.js';
import { type ContentHashId, HashTable } from './content-hash.js';
import { EvidenceTable } from './evidence.js';

/** What is known of a root on disk: its tree, the evidence of each file, and hashes of contents. One writer, many readers. */
export class RootState {
  readonly dir: string;
  readonly table = new NodeTable();
  readonly evidence = new EvidenceTable(64);
  readonly hashes = new HashTable(64);
  readonly hash: ContentHashId;
  /** Files whose content is not known by hash yet. */
  readonly unhashed = new Set<number>();
  /** Paths that the file system could not be made to hold as the tree says: their xattrs are the tree's. */
  readonly masked = new Set<number>();

  constructor(dir: string, hash: ContentHashId) {
    this.dir = dir;
    this.hash = hash;
  }

  /** Makes room for evidence of all nodes that there are. */
  reserve(): void {
    this.evidence.reserve(this.table.capacity);
    this.hashes.reserve(this.table.capacity);
  }

  /** To be called for nodes that were removed from the table. */
  readonly forget = (node: number): void => {
    this.evidence.forget(node);
    this.hashes.forget(node);
    this.unhashed.delete(node);
    this.masked.delete(node);
  };

  pathOf(node: number): TreePath {
    return nodePath(this.table, node);
  }

  placeOf(node: number): string | Buffer {
    return onDisk(this.dir, this.pathOf(node));
  }
}
