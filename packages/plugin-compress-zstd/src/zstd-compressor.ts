import { availableParallelism } from 'node:os';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Bytes, type LayerCompressor, VarveError } from '@varve/engine/plugin';
import { loadZstd } from './load-zstd.js';
import type { ZstdOptions } from './options.js';

/** Each thread of zstd holds a job of some MiB; more than this is not faster than disk and network are. */
const mostThreads = 4;

/**
 * zstd layers. The bytes depend on the input and the level alone: with one thread of its own or more, zstd cuts its jobs by size; with
 * none (`nbWorkers: 0`) it would give others, so there is always one. Errors: `E_PROVIDER_UNUSABLE` where zstd-napi is not built.
 */
export async function zstdCompressor({ level }: ZstdOptions): Promise<LayerCompressor> {
  const { CompressStream, DecompressStream } = await loadZstd();
  return {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
    fingerprint: `zstd-napi@0.0.13 level=${level}`,
    compress(tar) {
      const nbWorkers = Math.max(1, Math.min(mostThreads, availableParallelism()));
      return through(tar, () => new CompressStream({ compressionLevel: level, checksumFlag: true, nbWorkers }));
    },
    async *decompress(blob) {
      const source = new Source(blob);
      try {
        yield* through(source, () => new DecompressStream());
      } catch (cause) {
        if (source.failure !== undefined) throw source.failure.error;
        throw damaged(cause);
      }
      if (source.isEmpty) throw damaged();
    },
  };
}

/** Bytes, remembering how they ended: a fault of theirs is not one of the compression. */
class Source implements Bytes {
  failure: { readonly error: unknown } | undefined;
  isEmpty = true;
  readonly #bytes: Bytes;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of this.#bytes) {
        this.isEmpty &&= chunk.length === 0;
        yield chunk;
      }
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}

/** Sends bytes through a stream. A fault of the source comes out as it is; when the reader stops, the source is closed. */
async function* through(bytes: Bytes, create: () => Transform): Bytes {
  const stream = create();
  const fed = pipeline(bytes, stream);
  fed.catch(() => undefined);
  try {
    yield* stream as AsyncIterable<Buffer>;
    await fed;
  } finally {
    stream.destroy();
    await fed.catch(() => undefined);
  }
}

function damaged(cause?: unknown): VarveError {
  return new VarveError('E_LAYER_INVALID', 'the layer is damaged: it does not decompress as zstd', { cause });
}
