/** A stream of bytes. Chunks may be reused by nobody but the receiver. */
export type Bytes = AsyncIterable<Uint8Array>;
