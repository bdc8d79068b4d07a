import { createHash, type Hash } from 'node:crypto';
import { readLayer, TocCollector, teeVisitors } from '../layer/index.js';
import type { LayerVisitor } from '../layer/visitor.js';
import type { Bytes } from '../model/bytes.js';
import type { LayerEntry, LayerToc } from '../model/toc.js';

/** What is in a layer: its entries, and the SHA-256 of each file's content by the number of its entry. */
export interface ScannedLayer {
  readonly toc: LayerToc;
  readonly contents: ReadonlyMap<number, string>;
}

/** Reads a layer's tar through once; nothing of it is written anywhere. Errors: those of reading layers. */
export async function scanLayer(tar: Bytes, signal: AbortSignal): Promise<ScannedLayer> {
  const [toc, contents] = [new TocCollector(), new ContentHasher()];
  await readLayer(tar, teeVisitors(toc, contents), signal);
  return { toc: toc.toc(), contents: contents.digests };
}

class ContentHasher implements LayerVisitor {
  readonly digests = new Map<number, string>();
  #at = -1;
  #hash: Hash | undefined;

  begin(item: LayerEntry): void {
    this.#at++;
    const isFile = item.kind === 'write' && item.linkTo === undefined && item.entry.type === 'file';
    this.#hash = isFile ? createHash('sha256') : undefined;
  }

  data(chunk: Uint8Array): void {
    this.#hash?.update(chunk);
  }

  end(): void {
    if (this.#hash) this.digests.set(this.#at, this.#hash.digest('hex'));
    this.#hash = undefined;
  }
}
