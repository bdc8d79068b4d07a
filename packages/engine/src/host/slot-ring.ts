import { createHash } from 'node:crypto';

/** What zlib gives at once fits into one slot. */
const slotSize = 1 << 18;
/**
 * Small files take long to write, large ones long to inflate: with fewer slots one side waits for the other (with 32 a base of 350 MB took 2 % longer);
 * with half as many again none is faster.
 */
const slotCount = 64;
/** Slots that a side has something to do with when it wakes: to wake for each takes longer than what is done with it. */
const worthWaking = slotCount / 4;

/**
 * Shared counters: slots that were filled, emptied and hashed since the beginning; two that move with whatever a side may wait for; whether
 * the emptier sleeps until it is rung; how the stream stands.
 */
const at = { filled: 0, emptied: 1, hashed: 2, given: 3, freed: 4, emptierSleeps: 5, state: 6 } as const;
const state = { open: 0, ended: 1, abandoned: 2 } as const;
/** Behind them, the number of bytes in each slot. */
const lengthsAt = 7;
/** More slots than are ever filled. */
const everHashed = 2 ** 30;
const headSize = (lengthsAt + slotCount) * 4;

/** Memory for one stream of bytes from a thread to two others, or to the emptier alone where nobody hashes it. */
export function ringMemory(isHashed = true): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(headSize + slotSize * slotCount);
  if (!isHashed) Atomics.store(new Int32Array(memory, 0, lengthsAt), at.hashed, everHashed);
  return memory;
}

/** The memory as its users see it. */
class Slots {
  readonly head: Int32Array;
  readonly #slots: readonly Buffer[];

  constructor(memory: SharedArrayBuffer) {
    this.head = new Int32Array(memory, 0, lengthsAt + slotCount);
    this.#slots = Array.from({ length: slotCount }, (_, slot) =>
      Buffer.from(memory, headSize + slot * slotSize, slotSize),
    );
  }

  get(counter: number): number {
    return Atomics.load(this.head, counter);
  }

  /** Filled slots that a side has not used yet. */
  waiting(user: typeof at.emptied | typeof at.hashed): number {
    return this.get(at.filled) - this.get(user);
  }

  /** The whole of the slot that is filled as number `count`. */
  slot(count: number): Buffer {
    return this.#slots[count % slotCount] as Buffer;
  }

  /** What is in it. */
  bytes(count: number): Buffer {
    return this.slot(count).subarray(0, this.head[lengthsAt + (count % slotCount)]);
  }

  /** Gives back the slot that a side used last. */
  free(user: typeof at.emptied | typeof at.hashed): void {
    Atomics.add(this.head, user, 1);
    if (this.waiting(user) <= slotCount - worthWaking) this.move(at.freed);
  }

  /** Wakes whoever waits for a counter to move. */
  move(counter: typeof at.given | typeof at.freed): void {
    Atomics.add(this.head, counter, 1);
    Atomics.notify(this.head, counter);
  }

  /** Ends the stream, unless it has ended. */
  end(how: typeof state.ended | typeof state.abandoned): void {
    Atomics.compareExchange(this.head, at.state, state.open, how);
    this.move(at.given);
    this.move(at.freed);
  }
}

/** The thread that has the bytes. It blocks while all slots are full, so it can have nothing else to do. */
export class SlotFiller {
  readonly #slots: Slots;
  /** Wakes the emptier, which then calls `rung`. */
  readonly #ring: () => void;

  constructor(memory: SharedArrayBuffer, ring: () => void) {
    this.#slots = new Slots(memory);
    this.#ring = ring;
  }

  /** The slot that will be filled next, for what would only be copied there. Throws once nobody wants any more. */
  room(): Buffer {
    this.#waitForRoom();
    return this.#slots.slot(this.#slots.get(at.filled));
  }

  /** Passes bytes on, those that lie in `room` without a copy. Throws once nobody wants them any more. */
  fill(chunk: Uint8Array): void {
    if (chunk.buffer === this.#slots.head.buffer) {
      this.#give(chunk.length);
      return;
    }
    for (let from = 0; from < chunk.length; from += slotSize) {
      const piece = chunk.subarray(from, from + slotSize);
      // A plain copy: `set` goes byte by byte where memory is shared, at a third of the speed.
      this.room().fill(piece, 0, piece.length);
      this.#give(piece.length);
    }
  }

  /** Says that there are no more. */
  end(): void {
    this.#slots.end(state.ended);
    this.#wakeEmptier();
  }

  #give(length: number): void {
    const { head } = this.#slots;
    const count = this.#slots.get(at.filled);
    head[lengthsAt + (count % slotCount)] = length;
    Atomics.store(head, at.filled, count + 1);
    if (this.#slots.waiting(at.hashed) >= worthWaking) this.#slots.move(at.given);
    if (this.#slots.waiting(at.emptied) >= worthWaking) this.#wakeEmptier();
  }

  #waitForRoom(): void {
    for (;;) {
      const freed = this.#slots.get(at.freed);
      if (this.#slots.get(at.state) !== state.open) throw new Error('nobody wants the rest of this layer');
      if (Math.max(this.#slots.waiting(at.emptied), this.#slots.waiting(at.hashed)) < slotCount) return;
      Atomics.wait(this.#slots.head, at.freed, freed);
    }
  }

  #wakeEmptier(): void {
    if (Atomics.exchange(this.#slots.head, at.emptierSleeps, 0) === 1) this.#ring();
  }
}

/** The thread that the bytes are for. It never blocks. */
export class SlotEmptier {
  readonly #slots: Slots;
  #wake = (): void => undefined;

  constructor(memory: SharedArrayBuffer) {
    this.#slots = new Slots(memory);
  }

  /** To be called when the filler rings, and when the stream was abandoned. */
  rung(): void {
    this.#wake();
  }

  /** The next bytes, valid until `emptied` is called; undefined once no more come. */
  async next(): Promise<Uint8Array | undefined> {
    const isReady = (): boolean => this.#slots.waiting(at.emptied) > 0 || this.#slots.get(at.state) !== state.open;
    while (!isReady()) {
      const woken = new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      Atomics.store(this.#slots.head, at.emptierSleeps, 1);
      // What came about before that was not rung for.
      if (isReady()) break;
      await woken;
    }
    Atomics.store(this.#slots.head, at.emptierSleeps, 0);
    if (this.#slots.waiting(at.emptied) === 0) return undefined;
    return this.#slots.bytes(this.#slots.get(at.emptied));
  }

  /** Gives back the slot that `next` showed. */
  emptied(): void {
    this.#slots.free(at.emptied);
  }

  /** Says that nobody wants the rest: the others stop. */
  abandon(): void {
    this.#slots.end(state.abandoned);
    this.#wake();
  }
}

/** SHA-256 of all that goes by, in a thread that blocks until it has. Undefined where it was abandoned. */
export function hashSlots(memory: SharedArrayBuffer): string | undefined {
  const slots = new Slots(memory);
  const hash = createHash('sha256');
  for (;;) {
    const given = slots.get(at.given);
    const stands = slots.get(at.state);
    if (stands === state.abandoned) return undefined;
    if (slots.waiting(at.hashed) > 0) {
      hash.update(slots.bytes(slots.get(at.hashed)));
      slots.free(at.hashed);
    } else if (stands === state.ended) return `sha256:${hash.digest('hex')}`;
    else Atomics.wait(slots.head, at.given, given);
  }
}
