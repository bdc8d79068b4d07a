import type { Change } from '../model/change.js';
import type { FileEntry } from '../model/file-entry.js';
import { pathToBytes } from '../path/bytes.js';
import { zeroEnded } from '../sys/stat-calls.js';
import { joinGroup, linkGroupOf, readEntry, writeEntry } from '../tree/node-entry.js';
import { sortedNodes } from '../tree/node-path.js';
import { rootNode } from '../tree/node-table.js';
import { entryOnDisk, isSameEntry, mergedEntry } from './changed-entry.js';
import { isSameHash } from './content-hash.js';
import { FileHasher } from './file-hasher.js';
import { type Findings, finding } from './findings.js';
import { addUntouchedNames, type LinkedFile } from './linked-files.js';
import type { RootState } from './root-state.js';
import { entryOfRow, inodeOfRow, row } from './stat-row.js';
import type { ContentCheck } from './walk-view.js';

/** What becomes of a node. */
const fate = { none: 0, gone: 1, changed: 2, added: 3, refreshed: 4 } as const;

export interface CaptureOptions {
  /** `evidence`: a file whose ctime moved has changed, whatever it holds. */
  readonly check: ContentCheck | 'evidence';
  /** Nodes that walks pass over, with all below them. */
  readonly ignored: ReadonlySet<number>;
}

/**
 * Makes changes of what walkers found. New paths join the tree at once, so that everything has a node; what the findings mean is
 * decided before the first change is told, and becomes the baseline with `commit`, or is taken back with `rollback`.
 */
export class Capture {
  readonly #state: RootState;
  readonly #findings: Findings;
  readonly #fate: Uint8Array;
  /** 1: something below changed. */
  readonly #below: Uint8Array;
  /** Nodes of findings, by index; −1 where there is none. */
  readonly #nodes: Int32Array;
  /** What known paths are now, where that is something else. */
  readonly #entries = new Map<number, FileEntry>();
  /** Link groups of changed files, by node. */
  readonly #groups = new Map<number, number>();
  readonly #how: CaptureOptions;
  #hasher: FileHasher | undefined;

  constructor(state: RootState, findings: Findings, how: CaptureOptions) {
    this.#state = state;
    this.#findings = findings;
    this.#how = how;
    const most = state.table.top + findings.count;
    this.#fate = new Uint8Array(most);
    this.#below = new Uint8Array(most);
    this.#nodes = new Int32Array(findings.count).fill(-1);
    for (let i = 0; i < findings.count; i++) this.#take(i);
    const files = this.#linkedFiles();
    const untouched = addUntouchedNames(state, files, node => this.#isThere(node));
    this.#regroup(files);
    for (const node of this.#nodes) if (node !== -1) this.#mark(node);
    for (const node of untouched) this.#mark(node);
  }

  #take(index: number): void {
    const kind = this.#findings.kind(index);
    if (kind === finding.added) {
      this.#takeNew(index);
      return;
    }
    const node = this.#findings.subject(index);
    this.#nodes[index] = node;
    if (kind === finding.gone) this.#fate[node] = fate.gone;
    else if (kind === finding.rewritten) this.#change(node, readEntry(this.#state.table, node));
    else this.#compare(node, index);
  }

  #takeNew(index: number): void {
    const { table } = this.#state;
    const subject = this.#findings.subject(index);
    const parent = subject >= 0 ? subject : (this.#nodes[-1 - subject] as number);
    if (parent === -1) return;
    // Where somebody makes a file anew while its directory is read, its name may come twice.
    if (table.child(parent, this.#findings.name(index)) !== -1) return;
    const node = table.add(parent, this.#findings.name(index));
    const entry = entryOnDisk(this.#state.placeOf(node), this.#findings.words, this.#findings.rowAt(index));
    if (entry === undefined) {
      table.remove(node);
      return;
    }
    writeEntry(table, node, entry);
    this.#nodes[index] = node;
    this.#fate[node] = fate.added;
  }

  #compare(node: number, index: number): void {
    const { table, evidence } = this.#state;
    const place = this.#state.placeOf(node);
    const now = entryOnDisk(place, this.#findings.words, this.#findings.rowAt(index));
    if (now === undefined) {
      this.#fate[node] = fate.gone;
      return;
    }
    const known = readEntry(table, node);
    const xattrs = this.#state.masked.has(node) ? now.xattrs : known.xattrs;
    const merged = mergedEntry(known, evidence.has(node) ? this.#before(node, xattrs) : undefined, now);
    const { linkGroup: _, ...plain } = known;
    this.#fate[node] = fate.refreshed;
    if (!isSameEntry(plain, merged) || (merged.type === 'file' && !this.#hasSameContent(node, place))) {
      this.#change(node, merged);
    }
  }

  /** What the evidence says of a path, as an entry; but for the target of a link, which it does not hold. */
  #before(node: number, xattrs: FileEntry['xattrs']): FileEntry | undefined {
    const old = new Uint32Array(row.words);
    this.#state.evidence.read(node, old);
    // Evidence has the low 34 bits of the seconds, which is all that a time before 2514 needs.
    old[row.mtimeHigh] = (old[row.mtimeRest] as number) >>> 30;
    const before = entryOfRow(old, 0);
    return before === undefined ? undefined : { ...before, ...(xattrs && { xattrs }) };
  }

  /** Asked where everything else is as before. */
  #hasSameContent(node: number, place: string | Buffer): boolean {
    if (this.#how.check === 'never') return true;
    if (this.#how.check === 'evidence' || !this.#state.hashes.has(node)) return false;
    this.#hasher ??= new FileHasher(this.#state.hash);
    const bytes = typeof place === 'string' ? pathToBytes(place) : place;
    const found = this.#hasher.hash(undefined, zeroEnded(bytes), false);
    return found !== undefined && isSameHash(this.#state.hashes.words, node, found);
  }

  #change(node: number, entry: FileEntry): void {
    this.#fate[node] = fate.changed;
    this.#entries.set(node, entry);
  }

  /** Files with several names among what was found. One that had several and has not any more has changed. */
  #linkedFiles(): ReadonlyMap<string, LinkedFile> {
    const files = new Map<string, LinkedFile>();
    for (let index = 0; index < this.#findings.count; index++) {
      const node = this.#nodes[index] as number;
      if (node === -1 || this.#fate[node] === fate.gone) continue;
      const at = this.#findings.rowAt(index);
      const isFile = entryOfRow(this.#findings.words, at)?.type === 'file';
      if (!isFile) continue;
      const links = this.#findings.words[at + row.nlink] as number;
      if (links < 2) {
        if (this.#fate[node] === fate.refreshed && isLinked(this.#state, node)) this.#touch(node);
        continue;
      }
      const inode = inodeOfRow(this.#findings.words, at);
      const file = files.get(inode);
      if (file === undefined)
        files.set(inode, { names: [node], links, inoLow: this.#findings.words[at + row.inoLow] as number });
      else file.names.push(node);
    }
    return files;
  }

  /** Whether a node that was not found is on disk as it was, and is looked at by walks. */
  #isThere(node: number): boolean {
    if (this.#fate[node] !== fate.none) return false;
    const { parent } = this.#state.table.columns;
    for (let at = node; at >= 0; at = parent[at] as number) {
      if (this.#how.ignored.has(at) || this.#fate[at] === fate.gone) return false;
      const entry = this.#entries.get(at);
      if (entry !== undefined && entry.type !== 'directory') return false;
    }
    return true;
  }

  /** All names of a file have changed when one of them has, when one came or one went. */
  #regroup(files: ReadonlyMap<string, LinkedFile>): void {
    const { table } = this.#state;
    for (const { names } of files.values()) {
      const group = table.groups.fresh();
      const asBefore = this.#isWholeGroup(names);
      const changed = !asBefore || names.some(node => !this.#isEqual(node));
      for (const node of names) {
        if (!changed) continue;
        if (names.length > 1) this.#groups.set(node, group);
        if (this.#isEqual(node)) this.#touch(node);
      }
    }
  }

  #isEqual(node: number): boolean {
    return this.#fate[node] === fate.refreshed || this.#fate[node] === fate.none;
  }

  /** Whether these nodes are a link group of the tree, no more and no less. One node is one if it has no other name. */
  #isWholeGroup(nodes: readonly number[]): boolean {
    const { table } = this.#state;
    if (nodes.some(node => this.#fate[node] === fate.added)) return false;
    const members = table.groups.members(linkGroupOf(table, nodes[0] as number));
    const linked = Math.max(1, members.size);
    return linked === nodes.length && (nodes.length === 1 || nodes.every(node => members.has(node)));
  }

  #touch(node: number): void {
    const { linkGroup: _, ...entry } = readEntry(this.#state.table, node);
    this.#change(node, entry);
  }

  /** Marks the directories on the way to a change. What lies below a path that is gone or no directory any more is gone with it. */
  #mark(node: number): void {
    if (node === rootNode || this.#isEqual(node)) return;
    const { parent } = this.#state.table.columns;
    for (let at = parent[node] as number; at >= 0 && this.#below[at] === 0; at = parent[at] as number) {
      this.#below[at] = 1;
    }
  }

  /** The changes, in path order. */
  *changes(): Generator<Change, void, undefined> {
    const ahead = [rootNode];
    for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
      const change = this.#changeOf(node);
      if (change !== undefined) yield change;
      const isOver = change?.kind === 'delete' || (change?.kind === 'write' && change.entry.type !== 'directory');
      if (!isOver && this.#below[node] === 1) ahead.push(...this.#touchedChildren(node).reverse());
    }
  }

  #touchedChildren(node: number): number[] {
    const { first, next } = this.#state.table.columns;
    const touched: number[] = [];
    for (let child = first[node] as number; child !== -1; child = next[child] as number) {
      const own = this.#fate[child] as number;
      if ((own !== fate.none && own !== fate.refreshed) || this.#below[child] === 1) touched.push(child);
    }
    return sortedNodes(this.#state.table, touched);
  }

  #changeOf(node: number): Change | undefined {
    const own = this.#fate[node];
    if (own === fate.none || own === fate.refreshed) return undefined;
    const path = this.#state.pathOf(node);
    if (own === fate.gone) return { kind: 'delete', path };
    const { table } = this.#state;
    const plain = this.#entries.get(node) ?? readEntry(table, node);
    const group = this.#groups.get(node);
    const entry = group === undefined ? plain : { ...plain, linkGroup: group };
    if (own === fate.changed && entry.type === 'directory' && !table.isDirectory(node)) {
      return { kind: 'replace', path, entry };
    }
    if (entry.type !== 'file') return { kind: 'write', path, entry };
    return { kind: 'write', path, entry, content: { kind: 'path', path: this.#state.placeOf(node) } };
  }

  /** Makes what was found the baseline. */
  commit(): void {
    const { table, evidence, hashes, unhashed } = this.#state;
    this.#state.reserve();
    for (let index = 0; index < this.#findings.count; index++) {
      const node = this.#nodes[index] as number;
      if (node === -1 || (table.columns.parent[node] as number) === -2) continue;
      const own = this.#fate[node];
      if (own === fate.gone) {
        table.remove(node, this.#state.forget);
        continue;
      }
      const at = this.#findings.rowAt(index);
      evidence.set(node, this.#findings.words, at);
      const entry = this.#entries.get(node);
      if (entry !== undefined) {
        if (entry.type !== 'directory') table.clear(node, this.#state.forget);
        writeEntry(table, node, entry);
      }
      if (own === fate.refreshed) continue;
      hashes.forget(node);
      if (readEntry(table, node).type === 'file') unhashed.add(node);
    }
    for (const [node, group] of this.#groups) joinGroup(table, group, node);
  }

  /** Forgets what was found; the next capture finds it again. */
  rollback(): void {
    const { table } = this.#state;
    for (let index = 0; index < this.#findings.count; index++) {
      const node = this.#nodes[index] as number;
      if (node !== -1 && this.#fate[node] === fate.added && table.columns.parent[node] !== -2) table.remove(node);
    }
  }
}

function isLinked(state: RootState, node: number): boolean {
  const { table } = state;
  return table.groups.members(linkGroupOf(table, node)).size > 1;
}
