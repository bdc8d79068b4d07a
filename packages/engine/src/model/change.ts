import type { FileEntry } from './file-entry.js';
import type { TreePath } from './path.js';

/** Where the content of a file is to be read. Plain data, so that a change can cross to the process that may read it. */
export type FileContent =
  /** A file on disk; a `Uint8Array` where its name is not UTF-8. Never followed if it is a link. */
  | { readonly kind: 'path'; readonly path: string | Uint8Array }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/**
 * One path that a step wrote or removed.
 *
 * - `write`: the path now has this entry. Of a directory, the children it had stay.
 * - `replace`: a directory whose former children are gone (an opaque directory); what it holds now follows as changes.
 * - `delete`: the path and all below it are gone.
 */
export type Change =
  | { readonly kind: 'write'; readonly path: TreePath; readonly entry: FileEntry; readonly content?: FileContent }
  | { readonly kind: 'replace'; readonly path: TreePath; readonly entry: FileEntry }
  | { readonly kind: 'delete'; readonly path: TreePath };

/**
 * Changes in path order (see `comparePaths`): a directory before what is in it, each path once. A removed directory is
 * one change, its children are implied; so is a path that changed between directory and anything else (a `write` of a
 * non-directory removes what was below, a `replace` says that a directory stands where something else stood).
 */
export type ChangeSet = Iterable<Change> | AsyncIterable<Change>;

/** A path to be laid out: its entry, and where the content of a file is. Parents come before what is in them. */
export interface LaidFile {
  readonly path: TreePath;
  readonly entry: FileEntry;
  readonly content?: FileContent;
}
