import type { LayerCompressor } from '../../plugin/compressor.js';
import { gunzip } from './gunzip.js';
import { gzipBlocks } from './gzip-blocks.js';
import type { GzipOptions } from './gzip-options.js';

/** Compresses layers with gzip, in parallel, and reads any gzip. */
export function gzipCompressor({ level }: GzipOptions): LayerCompressor {
  return {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    fingerprint: `gzip-blocks/1 level=${level} zlib=${process.versions.zlib} arch=${process.arch}`,
    compress: tar => gzipBlocks(tar, level),
    decompress: gunzip,
  };
}
