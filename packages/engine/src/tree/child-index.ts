import type { Columns } from './columns.js';
import { shared } from './columns.js';
import type { NameArena } from './name-arena.js';

/** Where a child of a directory is found by its name: an open-addressed hash table of nodes over (parent, name). */
export class ChildIndex {
  /** Node + 1, or 0 for an empty slot. The length is a power of two. */
  slots: Int32Array;
  #filled = 0;

  constructor(capacity: number) {
    let size = 64;
    while (size < capacity * 1.5) size *= 2;
    this.slots = shared.int32(size);
  }

  /** Nodes in the table. */
  get filled(): number {
    return this.#filled;
  }

  /** A table over slots that another one had, which it takes over. */
  static over(slots: Int32Array, filled: number): ChildIndex {
    const made = new ChildIndex(0);
    made.slots = slots;
    made.#filled = filled;
    return made;
  }

  copy(): ChildIndex {
    const slots = shared.int32(this.slots.length);
    slots.set(this.slots);
    return ChildIndex.over(slots, this.#filled);
  }

  add(node: number, columns: Columns, arena: NameArena): void {
    // Three quarters full is where linear probing starts to cost.
    if ((this.#filled + 1) * 4 > this.slots.length * 3) this.#grow(columns, arena);
    this.#place(node, columns, arena);
    this.#filled++;
  }

  /** Takes a node out while its name is still known, closing the gap (backward shift), so that no tombstones pile up. */
  remove(node: number, columns: Columns, arena: NameArena): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let hole = hashOf(node, columns, arena) & mask;
    while (slots[hole] !== node + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const other = (slots[at] as number) - 1;
      const home = hashOf(other, columns, arena) & mask;
      // Stays where it is if its home lies cyclically in (hole, at].
      if (hole <= at ? hole < home && home <= at : hole < home || home <= at) continue;
      slots[hole] = other + 1;
      hole = at;
    }
    slots[hole] = 0;
    this.#filled--;
  }

  #place(node: number, columns: Columns, arena: NameArena): void {
    const mask = this.slots.length - 1;
    let at = hashOf(node, columns, arena) & mask;
    while (this.slots[at] !== 0) at = (at + 1) & mask;
    this.slots[at] = node + 1;
  }

  #grow(columns: Columns, arena: NameArena): void {
    const old = this.slots;
    this.slots = shared.int32(old.length * 2);
    for (const slot of old) if (slot !== 0) this.#place(slot - 1, columns, arena);
  }
}

/** The child of `parent` whose name is `source[from, to)`, or -1. Takes raw columns, so that walker threads can use it. */
export function findChild(
  index: { readonly slots: Int32Array; readonly columns: Columns; readonly names: Uint8Array },
  parent: number,
  source: Uint8Array,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const { slots, columns, names } = index;
  const length = to - from;
  const mask = slots.length - 1;
  for (let at = hashName(parent, source, from, to) & mask; ; at = (at + 1) & mask) {
    const node = (slots[at] as number) - 1;
    if (node < 0) return -1;
    if (columns.parent[node] !== parent || columns.nameLength[node] !== length) continue;
    const start = columns.nameAt[node] as number;
    let i = 0;
    while (i < length && names[start + i] === source[from + i]) i++;
    if (i === length) return node;
  }
}

function hashOf(node: number, columns: Columns, arena: NameArena): number {
  const at = columns.nameAt[node] as number;
  return hashName(columns.parent[node] as number, arena.bytes, at, at + (columns.nameLength[node] as number));
}

/** FNV-1a over the name, started from the parent, stirred at the end because the table uses the low bits. */
function hashName(parent: number, source: Uint8Array, from: number, to: number): number {
  let hash = Math.imul(parent + 1, 0x9e3779b1) ^ 0x811c9dc5;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (source[i] as number), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
