import type { Columns } from '../tree/columns.js';
import type { ContentHashId } from './content-hash.js';
import type { EvidenceView } from './evidence.js';
import type { IgnoredPaths } from './ignored-paths.js';

/** Which contents are looked at: of no file, of files whose evidence moved or may lie (which the walker leaves to its caller), or of all. */
export type ContentCheck = 'never' | 'moved' | 'all';

/** All that a walker needs: the tree and its evidence in shared memory, and what to trust. Crosses threads. */
export interface WalkView {
  readonly dir: string;
  readonly columns: Columns;
  readonly names: Uint8Array;
  readonly slots: Int32Array;
  readonly evidence: EvidenceView;
  readonly hashes: Uint32Array;
  readonly hash: ContentHashId;
  readonly check: ContentCheck;
  /** Where all contents are looked at: 1 for each node whose content may have changed behind its evidence; absent: any. */
  readonly suspects?: Uint8Array;
  /** A directory whose evidence did not move has the same names as before, and is not read. */
  readonly trustDirectories: boolean;
  /** Evidence whose ctime is not before this may be of an older version of the file (a row's words). */
  readonly racyFrom?: { readonly seconds: number; readonly rest: number };
  readonly ignored?: IgnoredPaths;
  /** Directories at which a part of the walk ends, since they are walked as parts of their own. */
  readonly parts: ReadonlySet<number>;
}
