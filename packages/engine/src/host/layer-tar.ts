import { Digester } from '@varve/oci';
import type { Bytes } from '../model/bytes.js';
import { VarveError } from '../model/error.js';
import type { LayerCompressor } from '../plugin/compressor.js';

/**
 * The tar of a layer, decompressed while its verified blob is read, and verified itself on the way. Errors: those of reading the blob,
 * `E_LAYER_INVALID` where the tar is not the one that the image config promises.
 */
export async function* layerTar(
  blob: Bytes,
  layer: { readonly descriptor: { readonly digest: string }; readonly diffId: string },
  compressor: LayerCompressor,
): Bytes {
  const digester = new Digester();
  for await (const chunk of compressor.decompress(blob)) {
    digester.update(chunk);
    yield chunk;
  }
  checkDiffId(layer, digester.digest());
}

/** Compares what a layer holds with what the image config promises. Errors: `E_LAYER_INVALID`. */
export function checkDiffId(
  layer: { readonly descriptor: { readonly digest: string }; readonly diffId: string },
  digest: string | undefined,
): void {
  if (digest === layer.diffId) return;
  throw new VarveError(
    'E_LAYER_INVALID',
    `the layer ${layer.descriptor.digest} holds ${digest}, but the image says ${layer.diffId}`,
    {
      hint: 'the image is broken where it comes from; pull or build another version of it',
    },
  );
}
