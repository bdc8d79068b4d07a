import type { Bytes } from '../model/bytes.js';
import { VarveError } from '../model/error.js';

/**
 * Gives a stream to two readers, chunk by chunk: the next one is made when both have had the last. Resolves with what the first reader gives once
 * the second is done, too. Errors: those of the stream, which both readers meet; of a reader, which ends the other.
 */
export async function readByTwo<T>(
  bytes: Bytes,
  first: (bytes: Bytes) => Promise<T>,
  second: (bytes: Bytes) => Promise<void>,
): Promise<T> {
  const relay = new Relay();
  const reading = second(relay.read());
  // It reads no more then, whether it is done or has failed; who waits for it below has the error.
  const left = reading.finally(() => relay.leave());
  left.catch(() => undefined);
  try {
    const made = await first(relay.pass(bytes, left));
    await left;
    return made;
  } catch (error) {
    relay.fail(error);
    await left.catch(() => undefined);
    throw error;
  }
}

/** Passes chunks on from one who makes them to one who waits for them. */
class Relay {
  #chunk: Uint8Array | undefined;
  #state: 'open' | 'ended' | 'failed' = 'open';
  #error: unknown;
  #hasLeft = false;
  /** Wakes the reader, or whoever waits for it. */
  #wake: () => void = () => undefined;

  /** The chunks for the other reader; with that one's error where it has failed. */
  async *pass(bytes: Bytes, left: Promise<void>): Bytes {
    try {
      for await (const chunk of bytes) {
        this.#chunk = chunk;
        this.#wake();
        yield chunk;
        while (this.#chunk !== undefined && !this.#hasLeft) await this.#change();
        if (this.#hasLeft) await left;
      }
      this.#state = 'ended';
      this.#wake();
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      this.fail(new VarveError('E_INTERNAL', 'a stream was not read to its end'));
    }
  }

  async *read(): Bytes {
    for (;;) {
      if (this.#state === 'failed') throw this.#error;
      const chunk = this.#chunk;
      if (chunk !== undefined) {
        yield chunk;
        this.#chunk = undefined;
        this.#wake();
      } else if (this.#state === 'ended') return;
      else await this.#change();
    }
  }

  leave(): void {
    this.#hasLeft = true;
    this.#wake();
  }

  fail(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'failed';
    this.#error = error;
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve;
    });
  }
}
