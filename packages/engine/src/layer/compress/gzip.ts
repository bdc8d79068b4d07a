import { isMainThread } from 'node:worker_threads';
import type { LayerCompressor } from '../../plugin/compressor.js';
import { gunzip } from './gunzip.js';
import { gunzipAtOnce } from './gunzip-at-once.js';
import { gzipBlocks } from './gzip-blocks.js';
import type { GzipOptions } from './gzip-options.js';

/** Compresses layers with gzip, in parallel, and reads any gzip. */
export function gzipCompressor({ level }: GzipOptions): LayerCompressor {
  return {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    fingerprint: `gzip-blocks/2 level=${level} zlib=${process.versions.zlib} arch=${process.arch}`,
    compress: tar => gzipBlocks(tar, level),
    // In a thread of its own waiting for others would only cost time.
    decompress: (isMainThread ? undefined : gunzipAtOnce()) ?? gunzip,
  };
}
