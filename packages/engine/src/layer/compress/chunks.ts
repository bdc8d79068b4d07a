import type { Bytes } from '../../model/bytes.js';

/**
 * Cuts a stream into pieces of exactly `sizeOf(0)`, `sizeOf(1)`… bytes, the last one of what is left, so that what is made of them does not
 * depend on how the bytes arrived. Nothing for an empty stream. A piece is copied only where it does not lie in one chunk.
 */
export async function* inPieces(
  bytes: Bytes,
  sizeOf: (index: number) => number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let piece = Buffer.alloc(0);
  let filled = 0;
  let count = 0;
  let size = sizeOf(count);
  for await (const chunk of bytes) {
    let at = 0;
    while (at < chunk.length) {
      if (filled === 0 && chunk.length - at >= size) {
        yield chunk.subarray(at, at + size);
        at += size;
        size = sizeOf(++count);
        continue;
      }
      if (filled === 0) piece = Buffer.allocUnsafeSlow(size);
      const taken = Math.min(size - filled, chunk.length - at);
      piece.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled === size) {
        yield piece;
        filled = 0;
        size = sizeOf(++count);
      }
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** Joins small chunks until there are at least `size` bytes: each chunk that is handed to another thread costs a round trip. */
export async function* inLargeChunks(bytes: Bytes, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    if (length === 0 && chunk.length >= size) {
      yield chunk;
      continue;
    }
    held.push(chunk);
    length += chunk.length;
    if (length < size) continue;
    yield Buffer.concat(held, length);
    held = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(held, length);
}
