import type { Descriptor, ImageConfig, Platform } from '@varve/oci';
import type { Layer } from './layer.js';

/** A finished image of one platform. `layers` are in order, lowest first, and match `config.rootfs.diff_ids`. */
export interface Image {
  readonly platform: Platform;
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
  readonly configDescriptor: Descriptor;
  readonly configBytes: Uint8Array;
  readonly manifestDescriptor: Descriptor;
  readonly manifestBytes: Uint8Array;
}

/** What a build hands to its exporters: one image, or several under an index. */
export interface BuiltImages {
  readonly images: readonly [Image, ...Image[]];
  /** Present where more than one platform was asked for. */
  readonly index?: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
}
