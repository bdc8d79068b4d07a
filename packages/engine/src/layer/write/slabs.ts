const slabSize = 2 * 1024 * 1024;
/** The first ones are smaller: of a layer that has no more, the beginning is compressed while the rest is written. */
const first = { size: 256 * 1024, count: 4 } as const;

const empty = Buffer.alloc(0);

/** Output that is put together in large pieces, each of which is handed away and never touched again. */
export class Slabs {
  #slab = empty;
  #used = 0;
  #full: Uint8Array[] = [];
  #count = 0;

  /** Memory for up to `size` bytes (at most 2 MiB) behind what was written so far; `commit` says how many of them count. */
  reserve(size: number): Buffer {
    if (this.#slab.length - this.#used < size) this.#next(size);
    return this.#slab.subarray(this.#used);
  }

  commit(size: number): void {
    this.#used += size;
  }

  /** What is left of the current piece, at least one byte. */
  rest(): Buffer {
    return this.reserve(1);
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const rest = this.rest();
      const part = bytes.subarray(at, at + rest.length);
      rest.set(part);
      this.commit(part.length);
      at += part.length;
    }
  }

  writeZeros(size: number): void {
    for (let left = size; left > 0; ) {
      const rest = this.rest();
      const part = Math.min(left, rest.length);
      rest.fill(0, 0, part);
      this.commit(part);
      left -= part;
    }
  }

  /** Pieces that are full, once. */
  takeFull(): readonly Uint8Array[] {
    if (this.#full.length === 0) return none;
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** All pieces that were not taken yet, the last one too. */
  takeAll(): readonly Uint8Array[] {
    this.#putAside();
    return this.takeFull();
  }

  #putAside(): void {
    if (this.#used > 0) this.#full.push(this.#slab.subarray(0, this.#used));
    this.#slab = empty;
    this.#used = 0;
  }

  #next(least: number): void {
    this.#putAside();
    const size = this.#count++ < first.count ? first.size : slabSize;
    this.#slab = Buffer.allocUnsafeSlow(Math.max(size, least));
  }
}

const none: readonly Uint8Array[] = [];
