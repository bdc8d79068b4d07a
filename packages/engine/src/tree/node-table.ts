import { ChildIndex, findChild } from './child-index.js';
import { type Columns, columns, grown } from './columns.js';
import { LinkGroups } from './link-groups.js';
import { NameArena } from './name-arena.js';

/** The root directory's node. */
export const rootNode = 0;

/** Bytes of a name. */
const usualName = 16;
const typeMask = 0o170000;
const directoryMode = 0o040000;

/** What a table consists of. */
export type TableParts = Pick<
  NodeTable,
  'columns' | 'arena' | 'index' | 'groups' | 'xattrs' | 'devices' | 'oddTimes' | 'largeSizes' | 'top' | 'live'
> & { readonly free: readonly number[] };

/**
 * A file tree as columns of numbers: about 50 bytes a node and its name. The structure only (names, parents, children);
 * `node-entry.ts` reads and writes what a node says of its file. Mutable: whoever shows it to others keeps it to itself or copies it.
 */
export class NodeTable {
  columns: Columns;
  readonly arena: NameArena;
  readonly index: ChildIndex;
  readonly groups: LinkGroups;
  /** What few nodes have. */
  readonly xattrs: Map<number, ReadonlyMap<string, Uint8Array>>;
  readonly devices: Map<number, { readonly major: number; readonly minor: number }>;
  readonly oddTimes: Map<number, bigint>;
  readonly largeSizes: Map<number, number>;
  /** Nodes are below this number. */
  top = 1;
  /** Nodes in the tree, the root among them. */
  live = 1;
  /** How many nodes were taken out: as long as it stays, a node that was found is what it was. */
  removals = 0;
  readonly #free: number[];

  /** An empty root directory (0755 root:root), or a copy of another table, with room for some more nodes before it has to grow. */
  constructor(from?: NodeTable, more = 63) {
    if (from === undefined) {
      this.columns = columns(more + 1);
      this.arena = new NameArena((more + 1) * usualName);
      this.index = new ChildIndex(more + 1);
      this.groups = new LinkGroups();
      this.xattrs = new Map();
      this.devices = new Map();
      this.oddTimes = new Map();
      this.largeSizes = new Map();
      this.#free = [];
      this.columns.parent[rootNode] = -1;
      this.columns.mode[rootNode] = directoryMode | 0o755;
      this.columns.first[rootNode] = this.columns.next[rootNode] = this.columns.prev[rootNode] = -1;
      return;
    }
    this.columns = columns(from.top + more, from.columns, from.top);
    this.arena = from.arena.copy(more * usualName);
    this.index = from.live === 1 ? new ChildIndex(more + 1) : from.index.copy();
    this.groups = new LinkGroups(from.groups);
    this.xattrs = new Map(from.xattrs);
    this.devices = new Map(from.devices);
    this.oddTimes = new Map(from.oddTimes);
    this.largeSizes = new Map(from.largeSizes);
    this.top = from.top;
    this.live = from.live;
    this.#free = [...from.#free];
    if (this.arena.wasted * 2 > this.arena.used) this.#compactNames();
  }

  /** A table of what another one had, which it takes over. */
  static of({ free, ...parts }: TableParts): NodeTable {
    return Object.assign(new NodeTable(undefined, 0), parts).#having(free);
  }

  parts(): TableParts {
    const { columns: rows, arena, index, groups, xattrs, devices, oddTimes, largeSizes, top, live } = this;
    return { columns: rows, arena, index, groups, xattrs, devices, oddTimes, largeSizes, top, live, free: this.#free };
  }

  #having(free: readonly number[]): this {
    this.#free.push(...free);
    return this;
  }

  get capacity(): number {
    return this.columns.parent.length;
  }

  isDirectory(node: number): boolean {
    return ((this.columns.mode[node] as number) & typeMask) === directoryMode;
  }

  /** The child of a directory by the bytes of its name, or -1. */
  child(parent: number, name: Uint8Array, from = 0, to = name.length): number {
    return findChild({ slots: this.index.slots, columns: this.columns, names: this.arena.bytes }, parent, name, {
      from,
      to,
    });
  }

  /** Bytes of a file. */
  size(node: number): number {
    return this.largeSizes.get(node) ?? (this.columns.size[node] as number);
  }

  /** Bytes of a node's name. Shares memory. */
  name(node: number): Uint8Array {
    const at = this.columns.nameAt[node] as number;
    return this.arena.bytes.subarray(at, at + (this.columns.nameLength[node] as number));
  }

  /** A new node without metadata. The name must not be there yet. */
  add(parent: number, name: Uint8Array, from = 0, to = name.length): number {
    const node = this.#free.pop() ?? this.#next();
    const c = this.columns;
    c.parent[node] = parent;
    c.nameAt[node] = this.arena.add(name, from, to);
    c.nameLength[node] = to - from;
    c.mode[node] = c.uid[node] = c.gid[node] = c.size[node] = c.extra[node] = 0;
    c.mtime[node] = 0n;
    c.first[node] = c.prev[node] = -1;
    const second = c.first[parent] as number;
    c.next[node] = second;
    if (second !== -1) c.prev[second] = node;
    c.first[parent] = node;
    this.index.add(node, c, this.arena);
    this.live++;
    return node;
  }

  /** Takes a node and everything below it out of the tree. `removed` is called for each node while it says what it was, children first. */
  remove(node: number, removed?: (node: number) => void): void {
    this.clear(node, removed);
    const c = this.columns;
    this.index.remove(node, c, this.arena);
    const before = c.prev[node] as number;
    const after = c.next[node] as number;
    if (before === -1) c.first[c.parent[node] as number] = after;
    else c.next[before] = after;
    if (after !== -1) c.prev[after] = before;
    removed?.(node);
    this.#forget(node);
    this.arena.wasted += (c.nameLength[node] as number) + this.#targetLength(node);
    c.parent[node] = -2;
    this.#free.push(node);
    this.removals++;
    this.live--;
  }

  /** Takes out everything below a node. */
  clear(node: number, removed?: (node: number) => void): void {
    const c = this.columns;
    const below: number[] = [];
    for (let child = c.first[node] as number; child !== -1; child = c.next[child] as number) below.push(child);
    for (let i = 0; i < below.length; i++) {
      for (let child = c.first[below[i] as number] as number; child !== -1; child = c.next[child] as number) {
        below.push(child);
      }
    }
    // Deepest first, so that no call finds anything below its node.
    for (let i = below.length - 1; i >= 0; i--) this.remove(below[i] as number, removed);
  }

  /** Bytes that a link's target takes in the arena; 0 for anything else. */
  #targetLength(node: number): number {
    const isLink = ((this.columns.mode[node] as number) & typeMask) === 0o120000;
    return isLink ? this.arena.framed(this.columns.extra[node] as number).length + 2 : 0;
  }

  /** Drops what a node says beyond its columns: xattrs, device numbers, its place in a link group. */
  #forget(node: number): void {
    this.xattrs.delete(node);
    this.devices.delete(node);
    this.oddTimes.delete(node);
    this.largeSizes.delete(node);
    this.leaveGroup(node);
  }

  /** Makes a file a link of no other. */
  leaveGroup(node: number): void {
    const c = this.columns;
    const isFile = ((c.mode[node] as number) & typeMask) === 0o100000;
    const group = c.extra[node] as number;
    if (!isFile || group === 0) return;
    this.groups.leave(group, node);
    c.extra[node] = 0;
  }

  #next(): number {
    if (this.top === this.capacity) this.columns = columns(grown(this.capacity, this.top + 1), this.columns, this.top);
    return this.top++;
  }

  #compactNames(): void {
    const c = this.columns;
    const old = this.arena.bytes.slice();
    const { arena } = this;
    arena.used = arena.wasted = 0;
    for (let node = 1; node < this.top; node++) {
      if (c.parent[node] === -2) continue;
      const at = c.nameAt[node] as number;
      c.nameAt[node] = arena.add(old, at, at + (c.nameLength[node] as number));
      const isLink = ((c.mode[node] as number) & typeMask) === 0o120000;
      const target = c.extra[node] as number;
      if (isLink)
        c.extra[node] = arena.add(old, target, target + 2 + (old[target] ?? 0) + (old[target + 1] ?? 0) * 256);
    }
  }
}
