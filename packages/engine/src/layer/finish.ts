import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Digester } from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import type { Layer } from '../model/layer.js';
import type { LayerToc } from '../model/toc.js';
import type { LayerCompressor } from '../plugin/compressor.js';
import { PatientFile } from '../sys/patient-file.js';
import type { TocCollector } from './toc.js';

export interface FinishOptions {
  readonly compressor: LayerCompressor;
  /** Folder for the file, on the file system where it will stay. */
  readonly ingestDir: string;
  /** The collector that sees the layer while `tar` is read (the writer's visitor, say). */
  readonly toc?: TocCollector | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FinishedLayer {
  readonly layer: Layer;
  /** The blob, complete, under a name that nobody else uses, to be moved to its place. Mode 0600. */
  readonly file: string;
  readonly toc?: LayerToc;
}

/**
 * Makes a layer of a tar in one pass: hash of the tar, compression, hash of the blob, file. Nothing larger than a few blocks is in
 * memory. A tar of no bytes gives no layer. The file is not synced to disk: who reads it checks its digest, so one torn by
 * a power cut is noticed. On failure and abort nothing is left behind. Errors: those of `tar`, the compressor and the file system.
 */
export async function finishLayer(tar: Bytes, options: FinishOptions): Promise<FinishedLayer | undefined> {
  const chunks = tar[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true) return undefined;
  const diff = new Digester();
  const blob = new Digester();
  const file = join(options.ingestDir, `layer-${process.pid}-${randomBytes(8).toString('hex')}`);
  using written = new PatientFile(file, 'wx');
  try {
    const hashed = hashing(
      { first: first.value, rest: { [Symbol.asyncIterator]: () => chunks } },
      diff,
      options.signal,
    );
    for await (const chunk of options.compressor.compress(hashed)) {
      blob.update(chunk);
      await written.write([chunk], chunk.length);
    }
    written.close();
  } catch (error) {
    rmSync(file, { force: true });
    await chunks.return?.();
    throw error;
  }
  const { mediaType } = options.compressor;
  const layer = { descriptor: { mediaType, digest: blob.digest(), size: blob.size }, diffId: diff.digest() };
  return { layer, file, ...(options.toc === undefined ? {} : { toc: options.toc.toc() }) };
}

interface Started {
  readonly first: Uint8Array;
  readonly rest: Bytes;
}

async function* hashing({ first, rest }: Started, digester: Digester, signal?: AbortSignal): Bytes {
  digester.update(first);
  yield first;
  for await (const chunk of rest) {
    signal?.throwIfAborted();
    digester.update(chunk);
    yield chunk;
  }
  signal?.throwIfAborted();
}
