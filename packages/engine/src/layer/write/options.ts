import type { FileEntry } from '../../model/file-entry.js';
import type { TreePath } from '../../model/path.js';
import type { LayerVisitor } from '../visitor.js';

export interface WriteLayerOptions {
  /** Metadata of the directories above the changes, in the tree that the layer is for. Asked only where the changes do not tell. */
  ancestor(path: TreePath): FileEntry | undefined;
  /** No time in the layer is later than this. */
  readonly clampMtimeNs?: bigint | undefined;
  /** Sees the layer as somebody who reads it would. */
  readonly visitor?: LayerVisitor | undefined;
  /** The tar is no layer: a name that layers keep for themselves (`.wh.*`) is one like any other. */
  readonly isPlain?: boolean | undefined;
  /** A file that is gone when it is read: an error (the default), or marked as deleted, for roots in which something still runs. */
  readonly vanished?: 'fail' | 'whiteout' | undefined;
  /** Told of files that kept changing while they were read: their entry is well-formed, but may hold a mixture of versions. */
  readonly unstable?: ((path: TreePath) => void) | undefined;
  /**
   * What is done about large files, which are written while they are read: those of `paths` are copied into `dir` first, and any other that
   * changes meanwhile is an error (`E_FILE_CHANGING`), so that the caller can begin anew and have it copied. Without it they are
   * `unstable` like others.
   */
  readonly copyFirst?: { readonly dir: string; readonly paths: (path: TreePath) => boolean } | undefined;
}
