import { OciError } from '../errors.js';
import { networkError, tryLater } from './network-errors.js';
import type { Timeouts } from './types.js';

/** The part of undici's body stream that is used here. */
export interface RawBody extends AsyncIterable<Uint8Array> {
  dump(options?: { readonly limit: number }): Promise<unknown>;
  destroy(error?: Error): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

/** A response's body: read it, or discard it; a connection is held until one of them is done. */
export class HttpBody implements AsyncIterable<Uint8Array> {
  readonly #raw: RawBody;
  readonly #host: string;
  readonly #signal: AbortSignal | undefined;
  readonly #timeouts: Timeouts;

  constructor(raw: RawBody, host: string, timeouts: Timeouts, signal: AbortSignal | undefined) {
    this.#raw = raw;
    this.#host = host;
    this.#timeouts = timeouts;
    this.#signal = signal;
    raw.on('error', () => {});
  }

  /** The bytes. Network failures come as this package's errors; too slow a sender is E_REGISTRY_TIMEOUT. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const span = this.#timeouts.slowSpan ?? 60_000;
    const least = this.#timeouts.minBytes ?? 16_384;
    let waited = 0;
    let bytes = 0;
    let asked = clock();
    try {
      for await (const chunk of this.#raw) {
        waited += clock() - asked;
        bytes += chunk.byteLength;
        if (bytes >= least) {
          waited = 0;
          bytes = 0;
        } else if (waited >= span) {
          throw this.#tooSlow(span, bytes);
        }
        yield chunk;
        asked = clock();
      }
    } catch (error) {
      if (this.#signal?.aborted === true) throw this.#signal.reason;
      throw networkError(error, this.#host);
    }
  }

  /** The whole body, if it has no more than `limit` bytes; undefined where it has more (and the rest is dropped). */
  async bytes(limit: number): Promise<Uint8Array | undefined> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of this) {
      size += chunk.byteLength;
      if (size > limit) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  }

  /** Drops the body so that the connection can serve again. Never throws. */
  async discard(): Promise<void> {
    await this.#raw.dump({ limit: 65_536 }).catch(() => {});
  }

  #tooSlow(span: number, bytes: number): OciError {
    const seconds = Math.round(span / 1000);
    return new OciError('E_REGISTRY_TIMEOUT', `${this.#host} sent only ${bytes} bytes in ${seconds} seconds`, {
      host: this.#host,
      hint: tryLater,
    });
  }
}

/** What happens to an upload besides the network. */
export interface UploadWatch {
  /** ms */
  readonly idle: number;
  /** The receiver has not asked for more for `idle` ms. Time that the source takes does not count. */
  readonly stalled: () => void;
  /** The source ends with an error, of which the network can say nothing. */
  readonly failed: (error: unknown) => void;
}

/** Passes an upload's bytes on and tells how that goes. */
export async function* watchUpload(
  source: AsyncIterable<Uint8Array>,
  { idle, stalled, failed }: UploadWatch,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        failed(error);
        throw error;
      });
      if (next.done) return;
      const timer = setTimeout(stalled, idle);
      try {
        yield next.value;
      } finally {
        clearTimeout(timer);
      }
    }
  } finally {
    await chunks.return?.();
  }
}

/** Milliseconds. For Node's `performance` a process has to load much else first. */
function clock(): number {
  return process.uptime() * 1_000;
}
