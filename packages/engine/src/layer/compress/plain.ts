import type { LayerCompressor } from '../../plugin/compressor.js';

/** Leaves layers as they are. */
export const plainCompressor: LayerCompressor = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
  fingerprint: 'none/1',
  compress: tar => tar,
  decompress: blob => blob,
};
