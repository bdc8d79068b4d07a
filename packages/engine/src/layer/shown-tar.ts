import type { Bytes } from '../model/bytes.js';
import type { LayerVisitor } from './visitor.js';

/** The tar of a layer that is only being written. */
export interface ShownTar extends Bytes {
  /** Shows the entries as they are written, once, in place of the bytes: whoever wants no more need not parse what was put together just now. */
  show(visitor: LayerVisitor): Promise<void>;
}

export function isShown(tar: Bytes): tar is ShownTar {
  return 'show' in tar;
}
