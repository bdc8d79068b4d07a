import { setImmediate } from 'node:timers/promises';
import type { Change } from '../model/change.js';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import type { LayerToc } from '../model/toc.js';
import { bytesToPath } from '../path/bytes.js';
import { comparePaths } from '../path/order.js';
import type { TreeView } from '../plugin/instruction.js';
import { layChanges } from './apply-changes.js';
import { layToc } from './apply-toc.js';
import { readEntry } from './node-entry.js';
import { findNode, nodePath, sortedChildren } from './node-path.js';
import { NodeTable, type TableParts } from './node-table.js';
import { resolvePath } from './resolve.js';

/** Content of the files that name users. */
export interface UserFiles {
  readonly passwd: string;
  readonly group: string;
}

/**
 * The metadata of a root file system, without its contents. Immutable: what changes it returns another tree, at the price of
 * copying some 90 bytes an entry.
 */
export class Tree implements TreeView {
  readonly passwd: string;
  readonly group: string;
  readonly #table: NodeTable;

  /** Takes the table over: nobody else may change it. */
  constructor(table: NodeTable, users: UserFiles) {
    this.#table = table;
    this.passwd = users.passwd;
    this.group = users.group;
  }

  /** Entries in the tree, the root directory among them. */
  get size(): number {
    return this.#table.live;
  }

  entry(path: TreePath): FileEntry | undefined {
    const node = findNode(this.#table, path);
    return node === -1 ? undefined : readEntry(this.#table, node);
  }

  list(path: TreePath): readonly string[] {
    const node = findNode(this.#table, path);
    if (node === -1) return [];
    return sortedChildren(this.#table, node).map(child => bytesToPath(this.#table.name(child)));
  }

  resolve(path: string, options?: { readonly followLast?: boolean }): TreePath {
    return resolvePath(this.#table, path, options?.followLast ?? true);
  }

  /** The entry at a path and all below it, in path order: a directory before what is in it. Nothing where there is nothing. */
  *walk(path: TreePath = ''): Generator<{ readonly path: TreePath; readonly entry: FileEntry }, void, undefined> {
    const table = this.#table;
    const start = findNode(table, path);
    const ahead = start === -1 ? [] : [{ node: start, path }];
    for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
      yield { path: at.path, entry: readEntry(table, at.node) };
      const prefix = at.path === '' ? '' : `${at.path}/`;
      for (const child of sortedChildren(table, at.node).reverse()) {
        ahead.push({ node: child, path: prefix + bytesToPath(table.name(child)) });
      }
    }
  }

  /** All paths that are names of the same file, this one among them, in path order; empty for a file with one name. */
  linkPeers(path: TreePath): readonly TreePath[] {
    const table = this.#table;
    const node = findNode(table, path);
    if (node === -1 || readEntry(table, node).linkGroup === undefined) return [];
    const peers = [...table.groups.members(table.columns.extra[node] as number)].map(peer => nodePath(table, peer));
    return peers.sort(comparePaths);
  }

  after(changes: Iterable<Change>): Tree {
    return applyChanges(this, changes);
  }

  /** What it is made of, to look at. */
  parts(): { readonly table: TableParts; readonly users: UserFiles } {
    return { table: this.#table.parts(), users: { passwd: this.passwd, group: this.group } };
  }

  /** A copy of what it is made of, for somebody who wants to go on from here. */
  copyNodes(more: number): NodeTable {
    return new NodeTable(this.#table, more);
  }
}

/** The tree of `FROM scratch`: a root directory, 0755 root:root. */
export function emptyTree(): Tree {
  return new Tree(new NodeTable(), { passwd: '', group: '' });
}

/** The tree of an image: its layers' tables of contents laid on each other, lowest first. */
export function treeOfLayers(tocs: Iterable<LayerToc>): Tree {
  return applyTocs(emptyTree(), [...tocs]);
}

/** A tree with one more layer. */
export function applyToc(tree: Tree, toc: LayerToc): Tree {
  return applyTocs(tree, [toc]);
}

/** A tree with more layers, lowest first. */
export function applyTocs(tree: Tree, tocs: readonly LayerToc[]): Tree {
  const applying = applyingTocs(tree, tocs);
  for (;;) {
    const { done, value } = applying.next();
    if (done) return value;
  }
}

/** The same in turns with what else the process has to do: a large base takes a tenth of a second. */
export async function applyTocsInTurns(tree: Tree, tocs: readonly LayerToc[]): Promise<Tree> {
  const applying = applyingTocs(tree, tocs);
  for (;;) {
    const { done, value } = applying.next();
    if (done) return value;
    await setImmediate();
  }
}

function* applyingTocs(tree: Tree, tocs: readonly LayerToc[]): Generator<void, Tree, undefined> {
  if (tocs.length === 0) return tree;
  // Most entries of a first layer are new, most of a later one are not; a little too much costs less than growing.
  const table = tree.copyNodes(tocs.reduce((sum, { size = 0 }) => sum + size, 0));
  let users: UserFiles = tree;
  for (const toc of tocs) {
    yield* layToc(table, toc);
    users = usersAfter(table, users, toc);
  }
  return new Tree(table, users);
}

/** A tree with changes made to it. `users` is the text of the files that name users, where the changes write them. */
export function applyChanges(tree: Tree, changes: Iterable<Change>, users: Partial<UserFiles> = {}): Tree {
  const table = tree.copyNodes(0);
  layChanges(table, changes);
  return new Tree(table, usersAfter(table, tree, users));
}

function usersAfter(table: NodeTable, before: UserFiles, written: Partial<UserFiles>): UserFiles {
  const text = (path: TreePath, old: string, now: string | undefined): string =>
    findNode(table, path) === -1 ? '' : (now ?? old);
  return {
    passwd: text('etc/passwd', before.passwd, written.passwd),
    group: text('etc/group', before.group, written.group),
  };
}
