import type { BuiltImages } from './image.js';

export interface BuildResult {
  readonly images: BuiltImages;
  /** Digest of what was pushed, else of what was written to layouts if that is one, else of what was built: of the index where there is one, else of the manifest. */
  readonly digest: string;
  readonly exports: readonly { readonly exporter: string; readonly target: string; readonly digest: string }[];
  /** Set where no output was asked for: the image waits in the store under this name. */
  readonly keptAs?: string;
  /** Milliseconds from call to result. */
  readonly duration: number;
}
