import type { LayerEntry } from '../model/toc.js';

/**
 * Sees a layer go by, synchronously: `begin`, then `data` any number of times (files with content only), then `end`, for each
 * entry. Chunks are slices of larger buffers; keep a copy or nothing.
 */
export interface LayerVisitor {
  begin(entry: LayerEntry): void;
  data(chunk: Uint8Array): void;
  /** So many zeros of a sparse file, in place of as many bytes of `data`; only tars that are no layers have them. */
  hole?(length: number): void;
  end(): void;
}

/** One visitor that hands everything to several, in order. */
export function teeVisitors(...visitors: readonly LayerVisitor[]): LayerVisitor {
  return {
    begin: entry => {
      for (const visitor of visitors) visitor.begin(entry);
    },
    data: chunk => {
      for (const visitor of visitors) visitor.data(chunk);
    },
    end: () => {
      for (const visitor of visitors) visitor.end();
    },
  };
}
