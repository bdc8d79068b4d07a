import { createReadStream, readFileSync } from 'node:fs';
import { type Descriptor, verifyStream } from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import { codeOf, VarveError } from '../model/error.js';
import type { Store } from './store.js';

/** The bytes of a blob's file in the store, verified. Errors: `E_BLOB_DAMAGED` (the file is discarded, so that the next build mends it). */
export async function* readStored(store: Pick<Store, 'blobPath' | 'discard'>, descriptor: Descriptor): Bytes {
  const { digest } = descriptor;
  try {
    yield* verifyStream(bytesOf(store.blobPath(digest), descriptor.size), descriptor);
  } catch (cause) {
    const code = codeOf(cause);
    if (code !== 'E_DIGEST_MISMATCH' && code !== 'E_SIZE_MISMATCH') throw cause;
    await store.discard(digest);
    throw new VarveError('E_BLOB_DAMAGED', `the store's copy of ${digest} is damaged and was discarded`, {
      hint: 'run the build again',
      cause,
      data: { digest },
    });
  }
}

/** A small file is read at once, in less time than a stream is made, or another thread asked. */
async function* bytesOf(path: string, size: number): Bytes {
  if (size <= small) yield readFileSync(path);
  else yield* createReadStream(path, { highWaterMark: 1 << 20 });
}

const small = 1 << 20;
