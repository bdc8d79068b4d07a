import type { Change, FileContent } from '../../model/change.js';
import { VarveError } from '../../model/error.js';
import type { FileEntry } from '../../model/file-entry.js';
import type { TreePath } from '../../model/path.js';
import { parentOf } from '../../path/name.js';
import { comparePaths } from '../../path/order.js';
import type { TreeView } from '../../plugin/instruction.js';

/** Where the content of a drafted file will come from. */
export type DraftContent =
  | { readonly kind: 'source'; readonly source: number; readonly path: TreePath }
  | { readonly kind: 'ready'; readonly content: FileContent };

interface DraftWrite {
  readonly entry: FileEntry;
  readonly content?: DraftContent;
  /** A directory that stands where something else stood: nothing of the tree below is in it. */
  readonly replaces: boolean;
}

/** Writes to a tree that are not made yet, looked at as if they were. */
export class Draft {
  #tree: TreeView;
  readonly #writes = new Map<TreePath, DraftWrite>();
  /** The writes in path order, since the last of them. */
  #inOrder: readonly (readonly [TreePath, DraftWrite])[] | undefined;
  /** Links were written since `#tree` was brought up to date. */
  #linksMoved = false;

  constructor(tree: TreeView) {
    this.#tree = tree;
  }

  /** What is at a path, no link followed. */
  entry(path: TreePath): FileEntry | undefined {
    const write = this.#writes.get(path);
    if (write) return write.entry;
    for (let at = path; at !== ''; ) {
      at = parentOf(at);
      const above = this.#writes.get(at);
      if (above && (above.replaces || above.entry.type !== 'directory')) return undefined;
    }
    return this.#tree.entry(path);
  }

  /** Where a path leads to, as `TreeView.resolve`. Written links count; other writes cannot change the answer. */
  resolve(path: string): TreePath {
    if (this.#linksMoved) {
      this.#tree = this.#tree.after(this.#plainChanges());
      this.#linksMoved = false;
    }
    return this.#tree.resolve(path);
  }

  write(path: TreePath, entry: FileEntry, content?: DraftContent): void {
    const before = this.entry(path);
    const earlier = this.#writes.get(path);
    const replaces =
      entry.type === 'directory' &&
      ((before !== undefined && before.type !== 'directory') || earlier?.replaces === true);
    if (entry.type === 'symlink' || before?.type === 'symlink') this.#linksMoved = true;
    if (entry.type !== 'directory' && before?.type === 'directory') this.#forgetBelow(path);
    this.#inOrder = undefined;
    this.#writes.set(path, { entry, replaces, ...(content ? { content } : {}) });
  }

  /** Makes another name for a file that was written here; `group` numbers a file that had one name. */
  link(first: TreePath, path: TreePath, group: () => number): void {
    const write = this.#writes.get(first);
    if (!write || write.entry.type === 'directory')
      throw new VarveError(
        'E_ARCHIVE_INVALID',
        `the archive has a hard link "${path}" to "${first}", which is not in it`,
      );
    const entry = { ...write.entry, linkGroup: write.entry.linkGroup ?? group() };
    this.#inOrder = undefined;
    this.#writes.set(first, { ...write, entry });
    this.write(path, entry, write.content);
  }

  /** The contents of sources that the writes need, in the order of {@link changes}. */
  wanted(): readonly { readonly source: number; readonly path: TreePath }[] {
    return this.#sorted().flatMap(([, { content }]) => (content?.kind === 'source' ? [content] : []));
  }

  /** All writes as changes in path order; `contents` are what {@link wanted} asked for, in that order. */
  changes(contents: readonly FileContent[]): readonly Change[] {
    let next = 0;
    return this.#sorted().map(([path, { entry, content, replaces }]): Change => {
      if (replaces) return { kind: 'replace', path, entry };
      if (!content) return { kind: 'write', path, entry };
      return {
        kind: 'write',
        path,
        entry,
        content: content.kind === 'ready' ? content.content : (contents[next++] as FileContent),
      };
    });
  }

  #plainChanges(): Change[] {
    return this.#sorted().map(([path, { entry, replaces }]) => ({ kind: replaces ? 'replace' : 'write', path, entry }));
  }

  #sorted(): readonly (readonly [TreePath, DraftWrite])[] {
    this.#inOrder ??= [...this.#writes].sort(([a], [b]) => comparePaths(a, b));
    return this.#inOrder;
  }

  #forgetBelow(path: TreePath): void {
    for (const other of this.#writes.keys()) if (other.startsWith(`${path}/`)) this.#writes.delete(other);
  }
}
