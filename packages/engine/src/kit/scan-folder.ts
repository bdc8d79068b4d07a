import { readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { keptXattrs } from '../layer/kept-xattrs.js';
import type { FileEntry } from '../model/file-entry.js';
import { bytesToPath, onDisk, pathToBytes } from '../path/bytes.js';
import { readXattrs, systemError } from '../sys/index.js';
import { type StatCalls, statCalls, zeroEnded } from '../sys/stat-calls.js';
import { statWords } from '../sys/statx.js';
import { joinGroup, writeEntry } from '../tree/node-entry.js';
import { nodePath } from '../tree/node-path.js';
import { NodeTable, rootNode } from '../tree/node-table.js';
import { Tree } from '../tree/tree.js';
import { DirectoryNames } from './directory-names.js';
import { FolderEvidence, liveNodes } from './folder-evidence.js';
import { isGone, isGoneError } from './gone.js';
import { typeOfStat } from './stat-row.js';

/** Which files of a folder count; a directory's scope is entered on the way down (an `IgnoreScope` of @varve/dockerfile is one). */
export interface FolderScope {
  /** Whether an entry of this directory is left out. */
  ignores(name: string): boolean;
  enter(name: string): FolderScope;
  /** Something below may be kept. When false, the directory is not even opened. */
  readonly mayKeep: boolean;
}

interface Frame {
  readonly fd: number;
  readonly node: number;
  readonly scope: FolderScope | undefined;
  readonly ignored: boolean;
  readonly subdirectories: { readonly name: Uint8Array; readonly ignored: boolean }[];
}

/** A folder that was looked through: names and what stat said, and a tree once somebody asks for it. */
export interface ScannedFolder {
  readonly evidence: FolderEvidence;
  /** Made when it is first asked for, which reads link targets and extended attributes. */
  readonly tree: Tree;
}

/**
 * The tree of a folder on disk: owners, modes and times as they are there, links not followed, sockets left out. A directory
 * that is ignored but holds something that is not is in the tree. Synchronous. Files that vanish meanwhile are left out.
 *
 * Errors: those of the file system (`ENOENT`, `ENOTDIR`, `EACCES`).
 */
export function treeOfFolder(dir: string, scope?: FolderScope): Tree {
  return scanFolder(dir, scope).tree;
}

/** The same in two parts: all names with what stat says of them now, the tree when it is needed. */
export function scanFolder(dir: string, scope?: FolderScope): ScannedFolder {
  const scan = new FolderScan(dir);
  scan.run(scope);
  const { table, evidence } = scan;
  let tree: Tree | undefined;
  return {
    evidence,
    get tree() {
      tree ??= describedTree(dir, table, evidence);
      return tree;
    },
  };
}

class FolderScan {
  readonly table = new NodeTable();
  readonly evidence = new FolderEvidence(this.table);
  readonly #dir: string;
  readonly #calls: StatCalls = statCalls();
  readonly #names = new DirectoryNames();
  readonly #stat = new Uint32Array(statWords);
  readonly #statAt: number;

  constructor(dir: string) {
    this.#dir = dir;
    this.#statAt = this.#calls.address(new Uint8Array(this.#stat.buffer));
  }

  run(scope: FolderScope | undefined): void {
    const fd = this.#calls.openDirectory(undefined, zeroEnded(pathToBytes(`${this.#dir}/.`)));
    if (fd < 0) throw systemError('open', -fd, this.#dir);
    const frames: Frame[] = [{ fd, node: rootNode, scope, ignored: false, subdirectories: [] }];
    try {
      if (this.#calls.statOpen(fd, this.#statAt) === 0) this.evidence.set(rootNode, this.#stat);
      this.#read(frames[0] as Frame);
      for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
        const next = frame.subdirectories.pop();
        if (next !== undefined) this.#enter(frames, frame, next);
        else this.#leave(frames.pop() as Frame);
      }
    } finally {
      for (const frame of frames) this.#calls.close(frame.fd);
    }
  }

  #enter(frames: Frame[], frame: Frame, { name, ignored }: Frame['subdirectories'][number]): void {
    const scope = frame.scope?.enter(bytesToPath(name));
    if (scope?.mayKeep === false) {
      if (ignored) this.table.remove(this.table.child(frame.node, name));
      return;
    }
    const fd = this.#calls.openDirectory(frame.fd, zeroEnded(name));
    if (fd < 0) {
      this.#missed(fd, frame.node, name);
      return;
    }
    const node = this.table.child(frame.node, name);
    const entered = { fd, node, scope, ignored, subdirectories: [] };
    frames.push(entered);
    this.#read(entered);
  }

  /** A directory that vanished or was replaced is as if it never was; one that may not be read is an error. */
  #missed(result: number, parent: number, name: Uint8Array): void {
    const node = this.table.child(parent, name);
    if (!isGone(result)) throw systemError('open', -result, onDisk(this.#dir, nodePath(this.table, node)));
    this.table.remove(node);
  }

  #leave(frame: Frame): void {
    this.#calls.close(frame.fd);
    if (frame.ignored && this.table.columns.first[frame.node] === -1) this.table.remove(frame.node);
  }

  #read(frame: Frame): void {
    const { buffer, address } = this.#names;
    const result = this.#names.each(frame.fd, (from, to) => {
      const ignored = frame.scope?.ignores(bytesToPath(buffer.subarray(from, to))) ?? false;
      if (this.#calls.stat(frame.fd, address + from, this.#statAt) < 0) return;
      const type = typeOfStat(this.#stat);
      const isDirectory = type === 'directory';
      if (type === undefined || (ignored && !isDirectory)) return;
      const node = this.table.add(frame.node, buffer, from, to);
      this.evidence.set(node, this.#stat);
      if (isDirectory) frame.subdirectories.push({ name: buffer.slice(from, to), ignored });
    });
    if (result < 0 && !isGone(result))
      throw systemError('getdents64', -result, onDisk(this.#dir, nodePath(this.table, frame.node)));
  }
}

/** Puts into a scanned table what its nodes are. What vanished since is left out. */
function describedTree(dir: string, table: NodeTable, evidence: FolderEvidence): Tree {
  const groups = new Map<string, number>();
  const gone: number[] = [];
  for (const node of liveNodes(table)) {
    const found = evidence.entry(node);
    if (found === undefined) continue;
    const { entry, links, inode } = found;
    const whole = describedEntry(onDisk(dir, nodePath(table, node)), entry);
    if (whole === undefined) {
      if (node === rootNode) throw systemError('open', constants.errno.ENOENT, dir);
      gone.push(node);
      continue;
    }
    writeEntry(table, node, whole);
    if (entry.type !== 'file' || links < 2) continue;
    const group = groups.get(inode) ?? table.groups.fresh();
    groups.set(inode, group);
    joinGroup(table, group, node);
  }
  // Somebody may have taken a directory away with all that is in it.
  for (const node of gone) if (table.columns.parent[node] !== -2) table.remove(node);
  return new Tree(table, { passwd: '', group: '' });
}

/** With what stat does not tell; undefined where there is no such entry any more. */
function describedEntry(path: string | Buffer, entry: FileEntry): FileEntry | undefined {
  try {
    const xattrs = keptXattrs(readXattrs(path));
    const linkTarget = entry.type === 'symlink' ? bytesToPath(readlinkSync(path, 'buffer')) : undefined;
    return { ...entry, ...(xattrs && { xattrs }), ...(linkTarget !== undefined && { linkTarget }) };
  } catch (error) {
    if (isGoneError(error)) return undefined;
    throw error;
  }
}
