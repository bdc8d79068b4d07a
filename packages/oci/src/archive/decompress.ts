import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { OciError } from '../errors.js';
import type { LayerCompression } from '../model/media-types.js';

/** Turns a compressed layer into its tar. */
export type Decompress = (
  compression: LayerCompression,
  source: AsyncIterable<Uint8Array>,
) => AsyncIterable<Uint8Array>;

/** 1 MiB: zlib with 16 KiB chunks takes more than twice the time. */
const chunkSize = 1024 * 1024;

/**
 * Unpacks gzip, and zstd where this Node has it (22.15 and later). E_UNSUPPORTED_MEDIA_TYPE for zstd elsewhere; E_BAD_ARCHIVE for
 * damaged data.
 */
export const decompress: Decompress = (compression, source) => {
  if (compression === 'none') return source;
  return unpack(source, compression === 'gzip' ? () => zlib.createGunzip({ chunkSize }) : zstd);
};

function zstd(): NodeJS.ReadWriteStream {
  const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: object) => NodeJS.ReadWriteStream };
  if (createZstdDecompress !== undefined) return createZstdDecompress({ chunkSize });
  throw new OciError('E_UNSUPPORTED_MEDIA_TYPE', 'this Node cannot unpack zstd layers', {
    hint: 'give a decompress function, use Node 22.15 or later, or build with gzip',
  });
}

async function* unpack(
  source: AsyncIterable<Uint8Array>,
  make: () => NodeJS.ReadWriteStream,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { pipeline } = await import('node:stream');
  const stream = pipeline(Readable.from(source, { objectMode: false }), make(), () => {});
  for await (const chunk of stream) yield chunk as Uint8Array;
}
