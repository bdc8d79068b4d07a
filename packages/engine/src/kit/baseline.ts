import type { Evidence, UnpackObserver } from '../layer/unpack/observer.js';
import type { LayerVisitor } from '../layer/visitor.js';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import type { LayerEntry } from '../model/toc.js';
import { Stats } from '../sys/stats.js';
import { groupOf, isFile, joinGroup, linkGroupOf } from '../tree/node-entry.js';
import { findNode } from '../tree/node-path.js';
import { EntryPlacer } from '../tree/place.js';
import { type ContentHash, contentHash, type RunningHash } from './content-hash.js';
import type { RootState } from './root-state.js';
import { packStat, row } from './stat-row.js';

/**
 * Turns what unpacking tells into tree and evidence, so that nothing has to be walked afterwards, and hashes contents as they go by.
 * Is both the observer of the unpacking and a visitor of the layer, to be asked after the one that writes.
 */
export class Baseline implements UnpackObserver, LayerVisitor {
  readonly #state: RootState;
  readonly #placer: EntryPlacer;
  readonly #hash: ContentHash | undefined;
  readonly #row = new Uint32Array(row.words);
  /** The path that was placed last: what follows is mostly about it. */
  #path: TreePath | undefined;
  #node = -1;
  /** Of the content that goes by: its size where it is to be hashed, its hash where it came in one piece. */
  #size = -1;
  #whole: Uint8Array | undefined;
  #running: RunningHash | undefined;
  /** Link groups that lost a name, and so have another ctime. */
  readonly #shrunk = new Set<number>();

  /** Without `hashing`, contents are not remembered. */
  constructor(state: RootState, hashing: boolean) {
    this.#state = state;
    this.#placer = new EntryPlacer(state.table, state.forget);
    this.#hash = hashing ? contentHash(state.hash) : undefined;
  }

  placed(path: TreePath, entry: FileEntry, linkTo?: TreePath): void {
    const { table, hashes, unhashed } = this.#state;
    const target = linkTo === undefined ? -1 : findNode(table, linkTo);
    const node = this.#placer.place(path, entry);
    this.#state.forget(node);
    this.#path = path;
    this.#node = node;
    if (target === -1 || entry.type !== 'file' || !isFile(table, target)) return;
    joinGroup(table, groupOf(table, target), node);
    hashes.copy(target, node);
    if (unhashed.has(target)) unhashed.add(node);
  }

  removed(path: TreePath): void {
    const { table } = this.#state;
    const node = findNode(table, path);
    this.#path = undefined;
    const forget = (gone: number): void => {
      const group = linkGroupOf(table, gone);
      if (group !== 0) this.#shrunk.add(group);
      this.#state.forget(gone);
    };
    if (node === 0) table.clear(node, forget);
    else if (node !== -1) table.remove(node, forget);
  }

  evidence(path: TreePath, stat: Evidence): void {
    const node = path === this.#path ? this.#node : findNode(this.#state.table, path);
    if (node === -1) return;
    packStat(stat, this.#row, 0);
    this.#state.evidence.set(node, this.#row);
    const group = (this.#row[row.nlink] as number) > 1 ? linkGroupOf(this.#state.table, node) : 0;
    if (group === 0) return;
    // All names of a file have its evidence.
    for (const peer of this.#state.table.groups.members(group)) this.#state.evidence.set(peer, this.#row);
  }

  begin(item: LayerEntry): void {
    const isContent = item.kind === 'write' && item.entry.type === 'file' && item.linkTo === undefined;
    this.#size = isContent && this.#hash !== undefined ? item.entry.size : -1;
    this.#whole = this.#running = undefined;
  }

  data(chunk: Uint8Array): void {
    if (this.#size === -1 || this.#hash === undefined) return;
    if (chunk.length === this.#size) {
      this.#whole = this.#hash.of(chunk);
      return;
    }
    this.#running ??= this.#hash.start();
    this.#running.update(chunk);
  }

  end(): void {
    if (this.#size === -1 || this.#hash === undefined || this.#path === undefined) return;
    this.#state.hashes.set(this.#node, this.#whole ?? this.#running?.digest() ?? this.#hash.of(new Uint8Array()));
    this.#whole = this.#running = undefined;
  }

  /** To be called when the layer is done, with the entries that are not on disk what the layer says. */
  finish(masked: Iterable<TreePath>): void {
    for (const path of masked) {
      const node = findNode(this.#state.table, path);
      if (node !== -1) this.#state.masked.add(node);
    }
    const stats = new Stats();
    for (const group of this.#shrunk) {
      for (const node of this.#state.table.groups.members(group))
        if (stats.path(this.#state.placeOf(node))) this.evidence(this.#state.pathOf(node), stats.words);
    }
  }
}
