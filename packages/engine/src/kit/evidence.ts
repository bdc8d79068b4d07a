import { grown, shared } from '../tree/columns.js';
import { row } from './stat-row.js';

/** Where the words of a row begin that files share; they end with the device. */
const kindAt = row.inoHigh;
const kindWords = row.dev + 1 - kindAt;
/** Words of evidence a node: those of a row that are its own, then the number of the others (its kind), 0 for no evidence at all. */
export const evidenceWords = kindAt + 1;

/** What walker threads read: memory shared with the table. */
export interface EvidenceView {
  readonly rows: Uint32Array;
  readonly kinds: Uint32Array;
}

/**
 * Stat evidence of each node of a tree: dev, ino, size, mode, uid, gid, mtime and ctime as statx(2) told them when the node was last
 * known to be as the tree says. 28 bytes a node; what files share (mode, owner, device, the high words of inode and size) is kept once.
 */
export class EvidenceTable {
  #rows: Uint32Array;
  #kinds = shared.uint32(kindWords * 64);
  #kindCount = 0;
  /** Hash slots over kinds: kind number, or 0. */
  #slots = new Int32Array(256);
  /** The newest ctime among the evidence, as in a row. */
  newestSeconds = 0;
  newestRest = 0;

  constructor(capacity: number) {
    this.#rows = shared.uint32(capacity * evidenceWords);
  }

  get view(): EvidenceView {
    return { rows: this.#rows, kinds: this.#kinds };
  }

  /** Makes room for nodes below `capacity`. */
  reserve(capacity: number): void {
    if (capacity * evidenceWords <= this.#rows.length) return;
    const larger = shared.uint32(grown(this.#rows.length / evidenceWords, capacity) * evidenceWords);
    larger.set(this.#rows);
    this.#rows = larger;
  }

  set(node: number, from: Uint32Array, offset = 0): void {
    this.reserve(node + 1);
    const to = node * evidenceWords;
    for (let i = 0; i < kindAt; i++) this.#rows[to + i] = from[offset + i] as number;
    this.#rows[to + kindAt] = this.#kindOf(from, offset);
    const seconds = from[offset + row.ctimeSeconds] as number;
    const rest = from[offset + row.ctimeRest] as number;
    if (!isOlder(seconds, rest, this.newestSeconds, this.newestRest)) {
      this.newestSeconds = seconds;
      this.newestRest = rest;
    }
  }

  has(node: number): boolean {
    return (this.#rows[node * evidenceWords + kindAt] ?? 0) !== 0;
  }

  forget(node: number): void {
    if (node * evidenceWords < this.#rows.length) this.#rows[node * evidenceWords + kindAt] = 0;
  }

  /** Writes what is known of a node as the words of a row (no link count, no device numbers). */
  read(node: number, to: Uint32Array, offset = 0): void {
    const from = node * evidenceWords;
    for (let i = 0; i < kindAt; i++) to[offset + i] = this.#rows[from + i] as number;
    const kind = ((this.#rows[from + kindAt] as number) - 1) * kindWords;
    for (let i = 0; i < kindWords; i++) to[offset + kindAt + i] = this.#kinds[kind + i] as number;
  }

  /** Whether a row says the same as the evidence. */
  matches(node: number, from: Uint32Array, offset = 0): boolean {
    return matchesEvidence(this.view, node, from, offset);
  }

  #kindOf(from: Uint32Array, offset: number): number {
    const at = offset + kindAt;
    const kinds = this.#kinds;
    let hash = 0;
    for (let i = 0; i < kindWords; i++) hash = Math.imul(hash ^ (from[at + i] as number), 0x9e3779b1) ^ (hash >>> 15);
    const mask = this.#slots.length - 1;
    for (let slot = (hash >>> 8) & mask; ; slot = (slot + 1) & mask) {
      const kind = this.#slots[slot] as number;
      if (kind === 0) return this.#addKind(slot, from, at);
      const known = (kind - 1) * kindWords;
      let i = 0;
      while (i < kindWords && kinds[known + i] === from[at + i]) i++;
      if (i === kindWords) return kind;
    }
  }

  #addKind(slot: number, from: Uint32Array, at: number): number {
    if ((this.#kindCount + 1) * kindWords > this.#kinds.length) {
      const larger = shared.uint32(this.#kinds.length * 2);
      larger.set(this.#kinds);
      this.#kinds = larger;
    }
    this.#kinds.set(from.subarray(at, at + kindWords), this.#kindCount * kindWords);
    const kind = ++this.#kindCount;
    this.#slots[slot] = kind;
    if (kind * 2 > this.#slots.length) this.#rehash();
    return kind;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 4);
    const mask = this.#slots.length - 1;
    for (let kind = 1; kind <= this.#kindCount; kind++) {
      let hash = 0;
      for (let i = 0; i < kindWords; i++) {
        hash = Math.imul(hash ^ (this.#kinds[(kind - 1) * kindWords + i] as number), 0x9e3779b1) ^ (hash >>> 15);
      }
      let slot = (hash >>> 8) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = kind;
    }
  }
}

/** Whether a row says the same as a node's evidence. The hot comparison of a walk: words only, nothing allocated. */
export function matchesEvidence(view: EvidenceView, node: number, from: Uint32Array, offset: number): boolean {
  const { rows, kinds } = view;
  const at = node * evidenceWords;
  const kind = rows[at + kindAt];
  if (kind === undefined || kind === 0) return false;
  for (let i = 0; i < kindAt; i++) if (rows[at + i] !== from[offset + i]) return false;
  const known = (kind - 1) * kindWords;
  for (let i = 0; i < kindWords; i++) if (kinds[known + i] !== from[offset + kindAt + i]) return false;
  return true;
}

/** Whether the first of two times (words of a row) is before the second. */
export function isOlder(seconds: number, rest: number, thanSeconds: number, thanRest: number): boolean {
  const high = rest >>> 30;
  const thanHigh = thanRest >>> 30;
  if (high !== thanHigh) return high < thanHigh;
  return seconds !== thanSeconds ? seconds < thanSeconds : (rest & 0x3fffffff) < (thanRest & 0x3fffffff);
}
