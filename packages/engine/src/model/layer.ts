import type { Descriptor, Digest } from '@varve/oci';

/** A finished layer: every identity of it is known before the value exists. Its bytes are found by its digest. */
export interface Layer {
  /** Of the blob as it is stored and pushed. */
  readonly descriptor: Descriptor;
  /** Digest of the uncompressed tar (`rootfs.diff_ids` of the image config). */
  readonly diffId: Digest;
}
