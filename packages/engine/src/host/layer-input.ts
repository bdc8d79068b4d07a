import type { Layer } from '../model/layer.js';
import type { Blobs } from '../store/blobs.js';
import type { BlobNote, LayerInputParams } from './protocol.js';

/** A layer as a host can read it: from the store, or while it is being fetched, with word of how far that is. */
export function layerInput(layer: Layer, blobs: Blobs, tell: (note: BlobNote) => void): LayerInputParams {
  const { descriptor, diffId } = layer;
  if (blobs.file(descriptor)) return { descriptor, diffId };
  const { digest } = descriptor;
  const incoming = blobs.fetch(descriptor);
  const stop = incoming.onProgress(available => tell({ digest, available, state: 'growing' }));
  const settled = (state: 'done' | 'failed') => (): void => {
    stop();
    tell({ digest, available: incoming.available, state });
  };
  incoming.done.then(settled('done'), settled('failed'));
  return { descriptor, diffId, growing: { path: incoming.path, available: incoming.available } };
}
