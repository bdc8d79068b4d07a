import type { Bytes } from '../model/bytes.js';

/** The first bytes of a stream, and the whole stream again. */
export interface Peeked {
  /** At least as many bytes as were asked for, unless the stream is shorter. */
  readonly head: Uint8Array;
  readonly whole: Bytes;
}

/** Looks at the beginning of a stream without losing it. */
export async function peek(bytes: Bytes, size: number): Promise<Peeked> {
  const iterator = bytes[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < size) {
    const { done, value } = await iterator.next();
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  const head = Buffer.concat(chunks, length);
  return { head, whole: joined(head, iterator) };
}

async function* joined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): Bytes {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
