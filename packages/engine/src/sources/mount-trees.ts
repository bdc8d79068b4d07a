import { join } from 'node:path';
import type { LaidFile } from '../model/change.js';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import { childPath } from '../path/name.js';
import type { OpenedSource, TreeView } from '../plugin/instruction.js';
import { selectPlain } from '../tree/select.js';

export interface MountTreesInput {
  /** A new, empty folder of the build's own. */
  folder(): string;
  layOut(dir: string, files: readonly LaidFile[]): Promise<unknown>;
}

/** Files of contexts, stages and images laid out on disk, for steps that mount them: never the live root of another stage. */
export class MountTrees {
  readonly #input: MountTreesInput;
  readonly #shared = new Map<string, Promise<string>>();

  constructor(input: MountTreesInput) {
    this.#input = input;
  }

  /** Where a source's path is, for those who only read it. `name` tells its content from any other. */
  shared(name: string, source: OpenedSource, path: string): Promise<string> {
    const known = this.#shared.get(name) ?? this.own(source, path).then(laid => laid.path);
    this.#shared.set(name, known);
    return known;
  }

  /**
   * The same for one that may write: `path` is what is mounted, `dir` the folder to be removed afterwards. A link at the end of the path is
   * followed. Errors: `E_COPY_SOURCE_MISSING`.
   */
  async own(source: OpenedSource, path: string): Promise<{ readonly dir: string; readonly path: string }> {
    const start = path === '' ? '' : selectPlain(source.tree, path).path;
    const entry = source.tree.entry(start);
    const isFile = entry !== undefined && entry.type !== 'directory';
    const dir = this.#input.folder();
    const found = isFile ? [{ from: start, path: 'file', entry }] : [...below(source.tree, start, '')];
    const files = found.filter(item => item.entry.type === 'file');
    const contents = await source.contents(files.map(item => item.from));
    const contentOf = new Map(files.map((item, index) => [item, contents[index]]));
    await this.#input.layOut(
      dir,
      found.map((item): LaidFile => {
        const content = contentOf.get(item);
        const owned = source.keepsOwners ? item.entry : { ...item.entry, uid: 0, gid: 0 };
        return { path: item.path, entry: owned, ...(content ? { content } : {}) };
      }),
    );
    return { dir, path: isFile ? join(dir, 'file') : dir };
  }
}

interface Found {
  readonly from: TreePath;
  readonly path: TreePath;
  readonly entry: FileEntry;
}

const plainRoot: FileEntry = { type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtimeNs: 0n };

function* below(tree: TreeView, from: TreePath, path: TreePath): Generator<Found> {
  const entry = tree.entry(from) ?? plainRoot;
  yield { from, path, entry };
  if (entry.type !== 'directory') return;
  for (const name of tree.list(from)) yield* below(tree, childPath(from, name), childPath(path, name));
}
