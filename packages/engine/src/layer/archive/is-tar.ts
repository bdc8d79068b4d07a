import { blockSize, decodeHeader } from '../tar/header.js';

/** Whether a stream that begins like this is a tar: its first block is a header with a right checksum, as BuildKit decides. */
export function isTar(first: Uint8Array): boolean {
  if (first.length < blockSize) return false;
  try {
    return decodeHeader(Buffer.from(first.buffer, first.byteOffset, blockSize)) !== undefined;
  } catch {
    return false;
  }
}
