import type { Bytes } from '../model/bytes.js';

/** Turns a layer's tar into a blob and back. Streams; holds no layer in memory. */
export interface LayerCompressor {
  /** Media type of a layer compressed like this (`application/vnd.oci.image.layer.v1.tar+gzip`, say). */
  readonly mediaType: string;
  /** Name, version and level: two equal fingerprints promise equal bytes for equal input. */
  readonly fingerprint: string;
  compress(tar: Bytes): Bytes;
  /** Any level, any producer of this media type. Errors: `E_LAYER_INVALID`. */
  decompress(blob: Bytes): Bytes;
}
