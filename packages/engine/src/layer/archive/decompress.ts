import { createRequire } from 'node:module';
import { PassThrough, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import type { Bytes } from '../../model/bytes.js';
import { codeOf, VarveError } from '../../model/error.js';
import { inLargeChunks } from '../compress/chunks.js';
import type { Compression } from '../compress/detect.js';
import { gunzip } from '../compress/gunzip.js';
import { invalidLayer } from '../invalid.js';

/** Reads one kind of compression. Errors: `E_LAYER_INVALID` for damaged input. */
export type Decompress = (bytes: Bytes) => Bytes;

/**
 * Undoes a compression of archives. zstd needs somebody who can read it: a compressor that is installed (`zstd`), or a Node that
 * has it built in. Errors: `E_LAYER_UNSUPPORTED` where nobody can, `E_LAYER_INVALID` for damaged input.
 */
export function decompress(bytes: Bytes, compression: Compression, zstd?: Decompress): Bytes {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return gunzip(bytes);
    case 'zstd':
      return (zstd ?? nodeZstd)(bytes);
    case 'bzip2':
      return bunzip2(bytes);
    case 'xz':
      return unxz(bytes);
  }
}

/** Tells faults of the compressed stream from those of whoever delivers it. */
async function* guarded(name: string, bytes: Bytes, decode: Decompress): Bytes {
  const source: { failure?: unknown } = {};
  try {
    yield* decode(noting(bytes, source));
  } catch (error) {
    if (source.failure !== undefined) throw source.failure;
    throw invalidLayer(`the archive is damaged: it does not decompress as ${name}`, undefined, error);
  }
}

async function* noting(bytes: Bytes, source: { failure?: unknown }): Bytes {
  try {
    yield* bytes;
  } catch (error) {
    source.failure = error;
    throw error;
  }
}

async function* bunzip2(bytes: Bytes): Bytes {
  const { default: unbzip2 } = await import('unbzip2-stream');
  yield* guarded('bzip2', bytes, async function* (guardedBytes) {
    const source = Readable.from(inLargeChunks(guardedBytes, 256 * 1024), { objectMode: false });
    const decoder = unbzip2();
    source.on('error', error => decoder.emit('error', error));
    try {
      // The package's stream is of the oldest kind: it cannot be iterated, and closes before its last bytes are read.
      const output = source.pipe(decoder).pipe(new PassThrough());
      decoder.on('error', error => output.destroy(error));
      yield* output as AsyncIterable<Buffer>;
    } finally {
      source.destroy();
    }
  });
}

async function* unxz(bytes: Bytes): Bytes {
  // Its bundle does not say what it exports, so that an import would find nothing.
  const { XzReadableStream } = createRequire(import.meta.url)('xz-decompress') as typeof import('xz-decompress');
  yield* guarded('xz', bytes, async function* (guardedBytes) {
    const chunks = inLargeChunks(guardedBytes, 64 * 1024);
    const source = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const next = await chunks.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await chunks.return();
      },
    });
    // The package's types are of the browser's streams, which are the same at run time. One decoder works at a time; leaving
    // the loop early sets it free.
    yield* new XzReadableStream(source as never) as unknown as AsyncIterable<Uint8Array>;
  });
}

async function* nodeZstd(bytes: Bytes): Bytes {
  const create = (zlib as { createZstdDecompress?: () => zlib.Gunzip }).createZstdDecompress;
  if (create === undefined) {
    throw new VarveError('E_LAYER_UNSUPPORTED', 'nothing here can read an archive that is compressed with zstd', {
      hint: 'Install the plugin @varve/plugin-compress-zstd, or compress the archive with gzip.',
    });
  }
  const source = Readable.from(inLargeChunks(bytes, 256 * 1024), { objectMode: false });
  const decoder = create();
  source.on('error', error => decoder.destroy(error));
  try {
    yield* source.pipe(decoder) as AsyncIterable<Buffer>;
  } catch (error) {
    if (codeOf(error)?.startsWith('ZSTD_') !== true) throw error;
    throw invalidLayer('the archive is damaged: it does not decompress as zstd', undefined, error);
  } finally {
    source.destroy();
  }
}
