import { pathToBytes } from '../path/bytes.js';
import { OpenedFiles } from '../sys/inotify.js';
import { shared } from '../tree/columns.js';
import { linkGroupOf } from '../tree/node-entry.js';
import { type NodeTable, rootNode } from '../tree/node-table.js';
import type { RootState } from './root-state.js';

/** What a kernel takes in one path, with its zero byte. */
const longestPath = 4096;
const slash = 0x2f;
/** Milliseconds between two looks: the kernel keeps some 16,000 events. */
const often = 20;

/**
 * Knows which files of a root somebody opened, or let go of after writing, since it began. On a file system that notes every change but those
 * through a shared mapping no other file can have changed without its evidence, where nobody who had it mapped before is there any more: to map a file
 * is to open it.
 */
export class OpenWatch implements Disposable {
  readonly #table: NodeTable;
  readonly #files: OpenedFiles;
  readonly #folders: ReadonlyMap<number, number>;
  readonly #opened = new Set<number>();
  readonly #timer: NodeJS.Timeout;
  #heardAll = true;

  private constructor(table: NodeTable, files: OpenedFiles, folders: ReadonlyMap<number, number>) {
    this.#table = table;
    this.#files = files;
    this.#folders = folders;
    this.#timer = setInterval(() => this.#listen(), often).unref();
  }

  /** Undefined where not every folder can be listened to: there are too many for the kernel, or a path is too long. */
  static begin({ dir, table }: RootState): OpenWatch | undefined {
    let files: OpenedFiles | undefined;
    try {
      files = new OpenedFiles();
      const folders = listenTo(files, table, dir);
      if (folders !== undefined) return new OpenWatch(table, files, folders);
    } catch {
      // No inotify, or none left for this user.
    }
    files?.[Symbol.dispose]();
    return undefined;
  }

  /** 1 for each node of a file that may have been written to, in memory that threads share; undefined where any may have been. */
  suspects(): Uint8Array | undefined {
    this.#listen();
    if (!this.#heardAll) return undefined;
    const suspects = shared.uint8(this.#table.capacity);
    for (const node of this.#opened) {
      suspects[node] = 1;
      // The other names of the file.
      for (const peer of this.#table.groups.members(linkGroupOf(this.#table, node))) suspects[peer] = 1;
    }
    return suspects;
  }

  #listen(): void {
    const heardAll = this.#files.read((folder, name) => {
      const node = this.#folders.get(folder);
      const file = node === undefined ? -1 : this.#table.child(node, name);
      // What is new is looked at in any case.
      if (file !== -1) this.#opened.add(file);
    });
    this.#heardAll &&= heardAll;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#files[Symbol.dispose]();
  }
}

/** The folders by the numbers of their watches; undefined where one cannot be watched. */
function listenTo(files: OpenedFiles, table: NodeTable, dir: string): ReadonlyMap<number, number> | undefined {
  const { first, next } = table.columns;
  const folders = new Map<number, number>();
  const path = new Uint8Array(longestPath);
  const start = pathToBytes(dir);
  path.set(start);
  /** Nodes of folders to come, with the length of the path above them. */
  const ahead: [node: number, above: number][] = [[rootNode, start.length]];
  for (let item = ahead.pop(); item !== undefined; item = ahead.pop()) {
    const [node, above] = item;
    const name = table.name(node);
    const end = node === rootNode ? above : above + 1 + name.length;
    if (end >= longestPath) return undefined;
    if (node !== rootNode) {
      path[above] = slash;
      path.set(name, above + 1);
    }
    path[end] = 0;
    const folder = files.add(path);
    if (folder < 0) return undefined;
    folders.set(folder, node);
    for (let child = first[node] as number; child !== -1; child = next[child] as number)
      if (table.isDirectory(child)) ahead.push([child, end]);
  }
  return folders;
}
