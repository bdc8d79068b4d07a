import type { FileEntry } from './file-entry.js';
import type { TreePath } from './path.js';

/**
 * One entry of a layer, as its tar says it.
 *
 * - `write`: a path with its metadata. A hard link carries the metadata of its first name, and names it in `linkTo`.
 * - `whiteout`: a path of a lower layer is gone (`.wh.NAME`).
 * - `opaque`: everything that lower layers put into this directory is gone (`.wh..wh..opq`).
 */
export type LayerEntry =
  | { readonly kind: 'write'; readonly path: TreePath; readonly entry: FileEntry; readonly linkTo?: TreePath }
  | { readonly kind: 'whiteout'; readonly path: TreePath }
  | { readonly kind: 'opaque'; readonly path: TreePath };

/** An entry that hides something of lower layers. */
export type LayerMark = Exclude<LayerEntry, { readonly kind: 'write' }>;

/** Entries in the order of the tar. */
export interface LayerEntries extends Iterable<LayerEntry> {
  /** Those of the root directory, of a name in it and of what is below that, where they can be found without looking at all. */
  under?(name: string): Iterable<LayerEntry>;
}

/**
 * The table of contents of a layer: its entries in the order of the tar, and the text of the files that name users,
 * where the layer has them. Enough to know the tree of an image without unpacking it.
 */
export interface LayerToc {
  readonly entries: LayerEntries;
  /** Those of them that hide something, where they are known apart. */
  readonly marks?: readonly LayerMark[];
  /** How many entries there are, where that is known. */
  readonly size?: number;
  /** Content of `etc/passwd` and `etc/group`, where this layer writes them. */
  readonly passwd?: string;
  readonly group?: string;
}
