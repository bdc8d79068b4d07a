import { grown, shared } from './columns.js';

/** Names and link targets as bytes, one behind the other. Only grows; what was dropped is counted, and left out by `compacted` copies. */
export class NameArena {
  bytes: Uint8Array;
  used = 0;
  /** Bytes that nobody refers to any more. */
  wasted = 0;

  constructor(capacity: number) {
    this.bytes = shared.uint8(Math.max(capacity, 256));
  }

  /** Names that another one had, which it takes over. */
  static over(names: Uint8Array, wasted: number): NameArena {
    const made = new NameArena(0);
    made.bytes = names;
    made.used = names.length;
    made.wasted = wasted;
    return made;
  }

  /** Appends `source[from, to)` and tells where it starts. */
  add(source: Uint8Array, from: number, to: number): number {
    const at = this.used;
    const end = at + to - from;
    this.#reserve(end);
    // Names are short: a view of them would take longer than they do.
    for (let i = from; i < to; i++) this.bytes[at + i - from] = source[i] as number;
    this.used = end;
    return at;
  }

  /** Appends a value that carries its own length (two bytes, little endian). At most 65,535 bytes. */
  addFramed(source: Uint8Array): number {
    const at = this.used;
    this.#reserve(at + 2 + source.length);
    this.bytes[at] = source.length & 0xff;
    this.bytes[at + 1] = source.length >>> 8;
    this.bytes.set(source, at + 2);
    this.used = at + 2 + source.length;
    return at;
  }

  /** What `addFramed` stored at `at`. Shares memory. */
  framed(at: number): Uint8Array {
    const length = (this.bytes[at] ?? 0) | ((this.bytes[at + 1] ?? 0) << 8);
    return this.bytes.subarray(at + 2, at + 2 + length);
  }

  copy(more: number): NameArena {
    const made = new NameArena(this.used + more);
    made.bytes.set(this.bytes.subarray(0, this.used));
    made.used = this.used;
    made.wasted = this.wasted;
    return made;
  }

  #reserve(end: number): void {
    if (end <= this.bytes.length) return;
    const larger = shared.uint8(grown(this.bytes.length, end));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }
}
