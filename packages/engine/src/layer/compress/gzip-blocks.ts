import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { Bytes } from '../../model/bytes.js';
import { Turns } from '../../model/turns.js';
import { inPieces } from './chunks.js';

const deflate = promisify<Uint8Array, import('node:zlib').ZlibOptions, Buffer>(deflateRaw);

const blockSize = 1024 * 1024;
/** The first of these are smaller, so that a layer of no more than that is deflated while the rest of it is written. */
const firstBlocks = { size: 128 * 1024, count: 8 } as const;
const leastOutput = 4 * 1024;
/** As far back as deflate can refer. */
const windowSize = 32 * 1024;

/**
 * gzip (RFC 1952) in blocks that are deflated at the same time in libuv's pool, each with the end of the one before as its
 * dictionary. One member, no name, no time; the bytes depend on the input and the level alone, not on the number of threads or on
 * how the input was cut.
 */
export async function* gzipBlocks(tar: Bytes, level: number): Bytes {
  yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, level === 9 ? 2 : level === 1 ? 4 : 0, 255]);
  let crc = 0;
  let length = 0;
  let count = 0;
  const running: Promise<Buffer>[] = [];
  const processors = availableParallelism();
  // While it is not known to be much, one processor is left to whoever writes it: somebody may wait for that alone.
  const turns = new Turns(Math.max(1, processors - 1));
  try {
    for await (const { block, dictionary, isLast } of withDictionaries(inPieces(tar, sizeOfBlock))) {
      const isMuch = count++ >= firstBlocks.count;
      if (isMuch || isLast) turns.allow(processors + 1);
      while (isMuch && running.length > processors) yield await (running.shift() as Promise<Buffer>);
      const options = {
        level,
        // Room for what a block usually becomes, so that one call to the pool does it.
        chunkSize: Math.max(block.length >> 1, leastOutput),
        finishFlush: isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
        ...(dictionary === undefined ? {} : { dictionary }),
      };
      const job = turns.run(() => deflate(block, options));
      // Failures are seen when the block's turn comes, or dropped with the rest.
      job.catch(() => undefined);
      running.push(job);
      crc = crc32(block, crc);
      length = (length + block.length) % 2 ** 32;
    }
    while (running.length > 0) yield await (running.shift() as Promise<Buffer>);
  } finally {
    await Promise.allSettled(running);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length, 4);
  yield trailer;
}

function sizeOfBlock(index: number): number {
  return index < firstBlocks.count ? firstBlocks.size : blockSize;
}

interface Block {
  readonly block: Uint8Array;
  readonly dictionary: Uint8Array | undefined;
  readonly isLast: boolean;
}

/** Looks one block ahead: only the last one ends the stream. An empty stream is one empty block. */
async function* withDictionaries(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Block, void, undefined> {
  let dictionary: Uint8Array | undefined;
  let held: Uint8Array | undefined;
  for await (const piece of pieces) {
    if (held !== undefined) {
      yield { block: held, dictionary, isLast: false };
      dictionary = held.subarray(held.length - windowSize);
    }
    held = piece;
  }
  yield { block: held ?? new Uint8Array(), dictionary, isLast: true };
}
