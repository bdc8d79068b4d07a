import { constants } from 'node:os';
import { pathToBytes } from '../path/bytes.js';
import { systemError } from '../sys/index.js';
import { type StatCalls, statCalls, zeroEnded } from '../sys/stat-calls.js';
import { statWords } from '../sys/statx.js';
import { findChild } from '../tree/child-index.js';
import { type ContentHashId, hasHash, isSameHash } from './content-hash.js';
import { DirectoryNames } from './directory-names.js';
import { evidenceWords, isOlder, matchesEvidence } from './evidence.js';
import { FileHasher } from './file-hasher.js';
import { Findings, finding } from './findings.js';
import { isGone } from './gone.js';
import { type IgnoredPaths, ignoredName } from './ignored-paths.js';
import { inodeOfRow, packStat, row } from './stat-row.js';
import type { TreePart } from './tree-parts.js';
import type { WalkView } from './walk-view.js';

const { errno } = constants;
const typeMask = 0o170000;
const directory = 0o040000;
const regular = 0o100000;
const socket = 0o140000;

/** An open directory. What is in it is looked at when it is opened; its subdirectories wait in `ahead`. */
interface Frame {
  readonly fd: number;
  /** −1 for a directory that the tree does not have. */
  readonly node: number;
  /** What findings in it give as their directory: the node, or −1 − index of the finding that it is. */
  readonly subject: number;
  readonly ignored: IgnoredPaths | undefined;
  readonly ahead: Ahead[];
  /** Which of its entries are looked at (see `TreePart`). */
  readonly slice: number;
  readonly slices: number;
}

const whole = { slice: 0, slices: 1 } as const;

interface Ahead {
  readonly node: number;
  readonly subject: number;
  /** Whether its names have to be read. */
  readonly moved: boolean;
  readonly ignored: IgnoredPaths | undefined;
}

/**
 * Compares a directory on disk with a tree and its evidence: one statx(2) a file, relative to the directory that holds it, and no
 * reading of directories that did not change. Follows no link, allocates nothing for what did not change. Synchronous. What
 * vanishes between two looks is gone; what is replaced is found moved by the next walk, if not by this one.
 */
export class TreeWalker {
  readonly findings = new Findings();
  readonly #view: WalkView;
  readonly #calls: StatCalls = statCalls();
  readonly #names = new DirectoryNames();
  readonly #name = new Uint8Array(65_536);
  readonly #nameAt: number;
  readonly #stat = new Uint32Array(statWords);
  readonly #statAt: number;
  readonly #row = new Uint32Array(row.words);
  readonly #seen: Uint8Array;
  #hasher: FileHasher | undefined;
  /** Hashes of files that have several names, by inode. */
  readonly #linked = new Map<string, Uint8Array>();

  constructor(view: WalkView) {
    this.#view = view;
    this.#nameAt = this.#calls.address(this.#name);
    this.#statAt = this.#calls.address(new Uint8Array(this.#stat.buffer));
    this.#seen = new Uint8Array(view.columns.parent.length);
  }

  /** Walks one part of the tree. */
  walk(part: TreePart): void {
    const { node } = part;
    const opened = this.#openPart(node);
    if (opened === undefined) return;
    const frames: Frame[] = [];
    try {
      this.#calls.statOpen(opened.fd, this.#statAt);
      packStat(this.#stat, this.#row, 0);
      const same = this.#isSame(node);
      if (!same && node === 0 && part.slice === 0) this.findings.about(finding.moved, node, this.#row);
      const moved = !same || !this.#view.trustDirectories;
      this.#enter(frames, opened.fd, { node, subject: node, moved, ignored: opened.ignored }, part);
      for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
        const next = frame.ahead.pop();
        if (next === undefined) this.#calls.close((frames.pop() as Frame).fd);
        else this.#open(frames, frame, next);
      }
    } finally {
      for (const frame of frames) this.#calls.close(frame.fd);
    }
  }

  /** Opens a directory of the tree name by name, so that no link on the way is followed. Undefined: it is not there any more. */
  #openPart(node: number): { readonly fd: number; readonly ignored: IgnoredPaths | undefined } | undefined {
    const { columns, dir } = this.#view;
    const way: number[] = [];
    for (let at = node; at !== 0; at = columns.parent[at] as number) way.push(at);
    let fd = this.#calls.openDirectory(undefined, zeroEnded(pathToBytes(dir)));
    if (fd < 0) throw systemError('open', -fd, dir);
    let ignored = this.#view.ignored;
    for (let next = way.pop(); next !== undefined; next = way.pop()) {
      const name = this.#nodeName(next);
      const known = ignored === undefined ? undefined : ignoredName(ignored, this.#name, 0, name);
      const inner = known === 'here' ? -errno.ENOENT : this.#calls.openDirectory(fd, this.#nameAt);
      this.#calls.close(fd);
      if (inner < 0) {
        if (!isGone(inner)) throw systemError('open', -inner);
        return undefined;
      }
      fd = inner;
      ignored = known === 'here' ? undefined : known;
    }
    return { fd, ignored };
  }

  #open(frames: Frame[], frame: Frame, next: Ahead): void {
    if (!next.moved && this.#view.columns.first[next.node] === -1) return;
    let fd: number;
    if (next.node === -1) {
      const name = this.findings.name(-1 - next.subject);
      this.#name.set(name);
      this.#name[name.length] = 0;
      fd = this.#calls.openDirectory(frame.fd, this.#nameAt);
    } else {
      this.#nodeName(next.node);
      fd = this.#calls.openDirectory(frame.fd, this.#nameAt);
    }
    if (fd >= 0) this.#enter(frames, fd, next, whole);
    else if (!isGone(fd)) throw systemError('open', -fd, this.#name.slice(0, this.#name.indexOf(0)));
  }

  #enter(
    frames: Frame[],
    fd: number,
    { node, subject, moved, ignored }: Ahead,
    { slice, slices }: Pick<Frame, 'slice' | 'slices'>,
  ): void {
    const frame: Frame = { fd, node, subject, ignored, ahead: [], slice, slices };
    frames.push(frame);
    if (moved) this.#read(frame);
    else this.#lookAtChildren(frame);
  }

  /** The names of the directory are those of the tree. */
  #lookAtChildren(frame: Frame): void {
    const { first, next } = this.#view.columns;
    for (let child = first[frame.node] as number; child !== -1; child = next[child] as number) {
      if (child % frame.slices !== frame.slice) continue;
      const length = this.#nodeName(child);
      const known = frame.ignored === undefined ? undefined : ignoredName(frame.ignored, this.#name, 0, length);
      if (known !== 'here') this.#look(frame, child, this.#nameAt, known);
    }
  }

  #read(frame: Frame): void {
    const { columns, slots, names } = this.#view;
    const { buffer, address } = this.#names;
    const index = { slots, columns, names };
    const seen = this.#seen;
    const result = this.#names.each(frame.fd, (from, to) => {
      const node = frame.node === -1 ? -1 : findChild(index, frame.node, buffer, { from, to });
      if ((node === -1 ? 0 : node % frame.slices) !== frame.slice) return;
      // Where somebody makes a file anew meanwhile, its name may come twice.
      if (node !== -1 && seen[node] === 1) return;
      if (node !== -1) seen[node] = 1;
      const known = frame.ignored === undefined ? undefined : ignoredName(frame.ignored, buffer, from, to);
      if (known === 'here') return;
      if (node !== -1) this.#look(frame, node, address + from, known);
      else this.#lookAtNew(frame, { bytes: buffer, from, to }, known);
    });
    if (result < 0 && !isGone(result)) throw systemError('getdents64', -result);
    if (frame.node === -1) return;
    for (let child = columns.first[frame.node] as number; child !== -1; child = columns.next[child] as number) {
      if (child % frame.slices === frame.slice && seen[child] === 0) this.#miss(frame, child);
    }
  }

  #miss(frame: Frame, node: number): void {
    if (frame.ignored !== undefined) {
      const length = this.#nodeName(node);
      if (ignoredName(frame.ignored, this.#name, 0, length) === 'here') return;
    }
    this.#gone(node);
  }

  #gone(node: number): void {
    const hasEvidence = this.#view.evidence.rows[node * evidenceWords + evidenceWords - 1] !== 0;
    if (hasEvidence) this.findings.about(finding.gone, node, this.#row);
  }

  #look(frame: Frame, node: number, name: number, ignored: IgnoredPaths | undefined): void {
    const result = this.#calls.stat(frame.fd, name, this.#statAt);
    if (result < 0) {
      if (!isGone(result)) throw systemError('statx', -result);
      this.#gone(node);
      return;
    }
    packStat(this.#stat, this.#row, 0);
    const type = (this.#row[row.mode] as number) & typeMask;
    if (type === socket) {
      this.#gone(node);
      return;
    }
    const same = this.#isSame(node);
    if (!same) this.findings.about(finding.moved, node, this.#row);
    else if (type === regular) this.#checkContent(frame, node, name);
    if (type !== directory || this.#view.parts.has(node)) return;
    frame.ahead.push({ node, subject: node, moved: !same || !this.#view.trustDirectories, ignored });
  }

  #lookAtNew(
    frame: Frame,
    name: { readonly bytes: Uint8Array; readonly from: number; readonly to: number },
    ignored: IgnoredPaths | undefined,
  ): void {
    const result = this.#calls.stat(frame.fd, this.#names.address + name.from, this.#statAt);
    if (result < 0) {
      if (!isGone(result)) throw systemError('statx', -result);
      return;
    }
    packStat(this.#stat, this.#row, 0);
    const type = (this.#row[row.mode] as number) & typeMask;
    if (type === socket) return;
    const index = this.findings.added(frame.subject, name, this.#row);
    if (type === directory) frame.ahead.push({ node: -1, subject: -1 - index, moved: true, ignored });
  }

  /** Whether the row proves that a node is as it was. Evidence that is racy proves nothing, not even of attributes. */
  #isSame(node: number): boolean {
    return matchesEvidence(this.#view.evidence, node, this.#row, 0) && !this.#isRacy();
  }

  #isRacy(): boolean {
    const from = this.#view.racyFrom;
    if (from === undefined) return false;
    const seconds = this.#row[row.ctimeSeconds] as number;
    return !isOlder(seconds, this.#row[row.ctimeRest] as number, from.seconds, from.rest);
  }

  #checkContent(frame: Frame, node: number, name: number): void {
    const { check, hash, hashes, suspects } = this.#view;
    if (check !== 'all' || (suspects !== undefined && suspects[node] !== 1)) return;
    // An empty file cannot be written to through a mapping.
    if (((this.#row[row.sizeLow] as number) | (this.#row[row.sizeHigh] as number)) === 0) return;
    const found = this.#hashOf(frame, name, hash);
    const same = found !== undefined && hasHash(hashes, node) && isSameHash(hashes, node, found);
    if (!same) this.findings.about(finding.rewritten, node, this.#row);
  }

  /** The hash of the file that the row is of; names of one file are read once. */
  #hashOf(frame: Frame, name: number, id: ContentHashId): Uint8Array | undefined {
    const inode = (this.#row[row.nlink] as number) > 1 ? inodeOfRow(this.#row, 0) : undefined;
    const known = inode === undefined ? undefined : this.#linked.get(inode);
    if (known !== undefined) return known;
    this.#hasher ??= new FileHasher(id);
    const found = this.#hasher.hash(frame.fd, name, false);
    if (inode !== undefined && found !== undefined) this.#linked.set(inode, found);
    return found;
  }

  /** Puts a node's name where the kernel can read it; gives its length. */
  #nodeName(node: number): number {
    const { columns, names } = this.#view;
    const at = columns.nameAt[node] as number;
    const length = columns.nameLength[node] as number;
    for (let i = 0; i < length; i++) this.#name[i] = names[at + i] as number;
    this.#name[length] = 0;
    return length;
  }
}
