/** What zlib gives at once fits into one slot. */
const slotSize = 1 << 18;
/** With fewer slots, inflating waits for unpacking and unpacking for inflating. */
const slotCount = 8;

/** Shared counters: slots that were filled and emptied since the beginning, and whether a side sleeps until it is rung. */
const filledAt = 0;
const emptiedAt = 1;
const fillerSleeps = 2;
const emptierSleeps = 3;
/** Behind them, the number of bytes in each slot. */
const lengthsAt = 4;
const headSize = (lengthsAt + slotCount) * 4;

/** Memory for one stream of bytes between two threads. */
export function ringMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(headSize + slotSize * slotCount);
}

/**
 * A stream of bytes between two threads, in slots of shared memory that one fills and the other empties in turn. Both go by shared counters;
 * a message is only needed to wake the side that found nothing to do.
 */
export class SlotRing {
  readonly #head: Int32Array;
  readonly #slots: readonly Buffer[];
  /** Wakes the other side, which then calls `rung`. */
  readonly #ring: () => void;
  #wake = (): void => undefined;

  constructor(memory: SharedArrayBuffer, ring: () => void) {
    this.#head = new Int32Array(memory, 0, lengthsAt + slotCount);
    this.#slots = Array.from({ length: slotCount }, (_, slot) =>
      Buffer.from(memory, headSize + slot * slotSize, slotSize),
    );
    this.#ring = ring;
  }

  /** To be called when the other side rings, and when there will be nothing to wait for. */
  rung(): void {
    this.#wake();
  }

  /** Passes bytes on; waits while all slots are full. Errors: the signal's reason. */
  async fill(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let at = 0; at < chunk.length; at += slotSize) {
      await this.#until(fillerSleeps, () => signal.aborted || this.#waiting() < slotCount);
      signal.throwIfAborted();
      const piece = chunk.subarray(at, at + slotSize);
      const filled = Atomics.load(this.#head, filledAt);
      // A plain copy: `set` goes byte by byte where memory is shared, at a third of the speed.
      this.#slot(filled).fill(piece, 0, piece.length);
      this.#head[lengthsAt + (filled % slotCount)] = piece.length;
      Atomics.store(this.#head, filledAt, filled + 1);
      if (Atomics.exchange(this.#head, emptierSleeps, 0) === 1) this.#ring();
    }
  }

  /** The next bytes, valid until `emptied` is called; undefined once `isDone` says that no more come, which has to ring. */
  async next(isDone: () => boolean): Promise<Uint8Array | undefined> {
    await this.#until(emptierSleeps, () => isDone() || this.#waiting() > 0);
    if (this.#waiting() === 0) return undefined;
    const emptied = Atomics.load(this.#head, emptiedAt);
    return this.#slot(emptied).subarray(0, this.#head[lengthsAt + (emptied % slotCount)]);
  }

  /** Gives back the slot that `next` showed. */
  emptied(): void {
    Atomics.add(this.#head, emptiedAt, 1);
    // Once half of them are free, so that the other side has something to do when it wakes.
    if (this.#waiting() > slotCount / 2) return;
    if (Atomics.exchange(this.#head, fillerSleeps, 0) === 1) this.#ring();
  }

  /** Slots that are filled and not emptied yet. */
  #waiting(): number {
    return Atomics.load(this.#head, filledAt) - Atomics.load(this.#head, emptiedAt);
  }

  #slot(count: number): Buffer {
    return this.#slots[count % slotCount] as Buffer;
  }

  async #until(sleeps: number, isReady: () => boolean): Promise<void> {
    while (!isReady()) {
      const woken = new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      Atomics.store(this.#head, sleeps, 1);
      // What came about before that was not rung for.
      if (isReady()) break;
      await woken;
    }
    Atomics.store(this.#head, sleeps, 0);
  }
}
