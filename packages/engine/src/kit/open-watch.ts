import { pathToBytes } from '../path/bytes.js';
import { OpenedFiles } from '../sys/inotify.js';
import { shared } from '../tree/columns.js';
import { linkGroupOf } from '../tree/node-entry.js';
import { type NodeTable, rootNode } from '../tree/node-table.js';
import type { RootState } from './root-state.js';
import { row } from './stat-row.js';

/** What a kernel takes in one path, with its zero byte. */
const longestPath = 4096;
const slash = 0x2f;
/** Milliseconds between two looks: the kernel keeps some 16,000 events. */
const often = 20;

/** A folder that is listened to: its number, and its inode, by which it is known again. */
interface Listened {
  readonly folder: number;
  readonly inoLow: number;
  readonly inoHigh: number;
}

/**
 * Knows which files of a root somebody opened, or let go of after writing, since it began. On a file system that notes every change but those
 * through a shared mapping no other file can have changed without its evidence, where nobody who had it mapped before is there any more: to map a file
 * is to open it.
 */
export class OpenWatch implements Disposable {
  readonly #table: NodeTable;
  readonly #files: OpenedFiles;
  /** By node. */
  #listened: Map<number, Listened>;
  /** Nodes by the numbers of folders. */
  #folders: ReadonlyMap<number, number>;
  readonly #opened = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #heardAll = true;

  private constructor(table: NodeTable, files: OpenedFiles, listened: Map<number, Listened>) {
    this.#table = table;
    this.#files = files;
    this.#listened = listened;
    this.#folders = nodesOf(listened);
    this.#listenOften();
  }

  /**
   * Begins, or begins again: of a watch that has rested since, what it listens to and is as it was is kept. The evidence of folders has to be that of
   * now. Undefined where not every folder can be listened to: there are too many for the kernel, or a path is too long.
   */
  static begin(state: RootState, before?: OpenWatch): OpenWatch | undefined {
    if (before === undefined) return OpenWatch.#anew(state);
    if (before.#beginAgain(state)) return before;
    before[Symbol.dispose]();
    return OpenWatch.#anew(state);
  }

  static #anew(state: RootState): OpenWatch | undefined {
    let files: OpenedFiles | undefined;
    try {
      files = new OpenedFiles();
      const listened = listenTo(files, state, new Map());
      if (listened !== undefined) return new OpenWatch(state.table, files, listened);
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

  /** Until it begins again nothing that is opened matters. */
  rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beginAgain(state: RootState): boolean {
    this.#listen();
    const listened = this.#heardAll ? listenTo(this.#files, state, this.#listened) : undefined;
    if (listened === undefined) return false;
    this.#listened = listened;
    this.#folders = nodesOf(listened);
    this.#opened.clear();
    this.#listenOften();
    return true;
  }

  #listenOften(): void {
    this.#timer ??= setInterval(() => this.#listen(), often).unref();
  }

  #listen(): void {
    const opened = (folder: number, name: Uint8Array): void => {
      const node = this.#folders.get(folder);
      const file = node === undefined ? -1 : this.#table.child(node, name);
      // What is new is looked at in any case.
      if (file !== -1) this.#opened.add(file);
    };
    const gone = (folder: number): void => {
      const node = this.#folders.get(folder);
      if (node !== undefined) this.#listened.delete(node);
    };
    const heardAll = this.#files.read(opened, gone);
    this.#heardAll &&= heardAll;
  }

  [Symbol.dispose](): void {
    this.rest();
    this.#files[Symbol.dispose]();
  }
}

function nodesOf(listened: ReadonlyMap<number, Listened>): ReadonlyMap<number, number> {
  return new Map([...listened].map(([node, { folder }]) => [folder, node]));
}

/**
 * Listens to all folders, of which those in `known` are listened to where they are the same. Undefined where one cannot be, or where what is known
 * contradicts itself.
 */
function listenTo(
  files: OpenedFiles,
  { dir, table, evidence }: RootState,
  known: ReadonlyMap<number, Listened>,
): Map<number, Listened> | undefined {
  const { first, next } = table.columns;
  const listened = new Map<number, Listened>();
  const numbers = new Set<number>();
  const path = new Uint8Array(longestPath);
  const start = pathToBytes(dir);
  path.set(start);
  const facts = new Uint32Array(row.words);
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
    if (evidence.has(node)) evidence.read(node, facts);
    else facts.fill(0);
    const [inoLow, inoHigh] = [facts[row.inoLow] as number, facts[row.inoHigh] as number];
    const before = known.get(node);
    const isSame = inoLow !== 0 && before?.inoLow === inoLow && before.inoHigh === inoHigh;
    const now = isSame ? before : { folder: files.add(path), inoLow, inoHigh };
    if (now.folder < 0 || numbers.has(now.folder)) return undefined;
    numbers.add(now.folder);
    listened.set(node, now);
    for (let child = first[node] as number; child !== -1; child = next[child] as number)
      if (table.isDirectory(child)) ahead.push([child, end]);
  }
  return listened;
}
