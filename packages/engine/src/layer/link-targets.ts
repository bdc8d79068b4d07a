import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import { longerRows, numbersSize, readNumbers, rowsOver, writeNumbers } from './entry-numbers.js';

/** What a hard link of a layer leads to: the metadata of the file, and the first of its names that still is one. */
export interface LinkTarget {
  readonly entry: FileEntry;
  readonly path: TreePath;
}

/**
 * Everything in a layer that a hard link may name, as it goes by: some 60 bytes an entry besides its path. Most files are no more than
 * numbers; the others are kept as they are.
 */
export class LinkTargets {
  /** Files by name, numbered as they came; names of one file share a number. */
  readonly #files = new Map<TreePath, number>();
  readonly #firstNames: TreePath[] = [];
  readonly #others = new Map<number, FileEntry>();
  #rows = rowsOver(Buffer.alloc(numbersSize * 64));

  /** A path is a file of its own now. */
  add(path: TreePath, entry: FileEntry): void {
    const file = this.#firstNames.length;
    const at = file * numbersSize;
    if (at + numbersSize > this.#rows.bytes.length) this.#rows = longerRows(this.#rows);
    this.#firstNames.push(path);
    this.#files.set(path, file);
    if (isPlain(entry)) writeNumbers(this.#rows, at, entry);
    else this.#others.set(file, entry);
  }

  /** A path is another name of what `to` is now. Undefined where that is not of this layer. */
  link(path: TreePath, to: TreePath): LinkTarget | undefined {
    const file = this.#files.get(to);
    if (file === undefined) return undefined;
    this.#files.set(path, file);
    const first = this.#firstNames[file] as TreePath;
    // A first name that was written anew since is another file.
    const isStill = this.#files.get(first) === file && first !== path;
    return {
      entry: this.#others.get(file) ?? readNumbers(this.#rows, file * numbersSize, 'file'),
      path: isStill ? first : to,
    };
  }

  /** A path is a directory now, which no link can name. */
  forget(path: TreePath): void {
    this.#files.delete(path);
  }
}

/** Times beyond what 64 bits hold are rare, and kept whole. */
function isPlain(entry: FileEntry): boolean {
  const { type, xattrs, device, mtimeNs } = entry;
  return type === 'file' && !xattrs && !device && BigInt.asIntN(64, mtimeNs) === mtimeNs && entry.mode <= 0xffff;
}
