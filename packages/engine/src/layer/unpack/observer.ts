import type { FileEntry } from '../../model/file-entry.js';
import type { TreePath } from '../../model/path.js';

/**
 * What statx(2) says of a path, enough to tell later whether it was touched since: the words of a `struct statx`, which the next look
 * overwrites.
 */
export type Evidence = Uint32Array;

/**
 * Learns what unpacking does to a root, in the order in which it happens. Paths are real: where an entry lies below a link, the
 * link has given way to a directory.
 */
export interface UnpackObserver {
  /**
   * A path now has this entry. A directory keeps its children; anything else was removed first. A parent that the layer forgot is
   * placed before what is in it (0755 root:root, time 0). `linkTo` names another path of the same file.
   */
  placed?(path: TreePath, entry: FileEntry, linkTo?: TreePath): void;
  /** A path and all below it are gone. Other names of a removed file have another ctime and link count from now on. */
  removed?(path: TreePath): void;
  /**
   * Evidence of a path as it was left. It comes for everything that was placed, and for directories of lower layers in which something
   * was placed or removed; for files at once, for directories and names of linked files when the layer is done. The last
   * one counts. What has several names is reported for those that this layer wrote and the one they were linked to:
   * the same (dev, ino) under further names has the same evidence.
   */
  evidence?(path: TreePath, evidence: Evidence): void;
}
