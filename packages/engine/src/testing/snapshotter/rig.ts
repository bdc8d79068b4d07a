import assert from 'node:assert/strict';
import { lstatSync, lutimesSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { isSameEntry } from '../../kit/changed-entry.js';
import { treeOfFolder } from '../../kit/scan-folder.js';
import { TocCollector } from '../../layer/toc.js';
import { writeLayerTar } from '../../layer/write/write-layer-tar.js';
import type { Change } from '../../model/change.js';
import type { FileEntry } from '../../model/file-entry.js';
import type { LayerToc } from '../../model/toc.js';
import { comparePaths } from '../../path/order.js';
import type { Snapshotter, StageRoot } from '../../plugin/snapshotter.js';
import { setTimes } from '../../sys/times.js';
import { applyChanges, applyToc, emptyTree, type Tree } from '../../tree/index.js';
import type { BaseFile, BaseFiles } from './base-files.js';

/** mtime of everything in a base: long ago, and no whole second. */
export const baseTimeNs = 1_000_000_000_123_456_789n;

/** A root under test, with what is known of its tree from the outside. */
export class SnapshotRig implements AsyncDisposable {
  readonly root: StageRoot;
  readonly #folder: string;
  #tree: Tree = emptyTree();

  private constructor(root: StageRoot, folder: string) {
    this.root = root;
    this.#folder = folder;
  }

  /** A root on the file system of `parent`, with `base` as its one layer. */
  static async open(snapshotter: Snapshotter, parent: string, base: BaseFiles): Promise<SnapshotRig> {
    const folder = mkdtempSync(`${parent}/varve-suite-`);
    const canChown = process.getuid?.() === 0;
    const root = await snapshotter.open({ dir: folder, canChown }, AbortSignal.timeout(300_000));
    const rig = new SnapshotRig(root, folder);
    await rig.lay([ownRoot(), ...changesOf(base)]);
    return rig;
  }

  get dir(): string {
    return this.root.dir;
  }

  /** Absolute path of a path in the root. */
  at(path: string): string {
    return `${this.dir}/${path}`;
  }

  /** Lays a layer of these changes on the root. */
  async lay(changes: readonly Change[]): Promise<LayerToc> {
    const before = this.#tree;
    const tar = (): AsyncIterable<Uint8Array> => writeLayerTar(changes, { ancestor: path => before.entry(path) });
    const toc = await this.root.apply({ diffId: 'sha256:test', tar }, AbortSignal.timeout(300_000));
    assert.ok(toc, 'a layer that is not shared has to be read');
    this.#tree = applyToc(before, toc);
    await this.root.beforeRun();
    return toc;
  }

  /** What the root says has changed. Checks that the set leads from the tree before to what is on disk, and that the order is right. */
  async capture(ignore: readonly string[] = []): Promise<readonly Change[]> {
    const changes: Change[] = [];
    for await (const change of this.root.capture(ignore, AbortSignal.timeout(300_000))) changes.push(change);
    for (const [i, change] of changes.entries()) {
      const before = changes[i - 1];
      assert.ok(before === undefined || comparePaths(before.path, change.path) < 0, `${change.path} out of order`);
    }
    this.#tree = applyChanges(this.#tree, changes);
    assertSameTree(this.#tree, treeOfFolder(this.dir), ignore);
    for (const change of changes) {
      if (change.kind === 'delete') assert.equal(this.root.entry(change.path), undefined);
      else assert.deepEqual(plain(this.root.entry(change.path)), plain(change.entry), `entry() of ${change.path}`);
    }
    await this.root.beforeRun();
    return changes;
  }

  /** Captures into a layer, as a build does, while something may still be writing: nothing is compared with what is on disk. */
  async writeLayer(): Promise<void> {
    const toc = new TocCollector();
    const changes = this.root.capture([], AbortSignal.timeout(300_000));
    const ancestor = (path: string): FileEntry | undefined => this.root.entry(path);
    let size = 0;
    for await (const chunk of writeLayerTar(changes, { ancestor, visitor: toc, vanished: 'whiteout' }))
      size += chunk.length;
    assert.equal(size % 512, 0, 'the layer is not whole');
    this.#tree = applyToc(this.#tree, toc.toc());
    await this.root.beforeRun();
  }

  write(path: string | Buffer, content: string | Uint8Array): void {
    writeFileSync(
      typeof path === 'string' ? this.at(path) : Buffer.concat([Buffer.from(`${this.dir}/`), path]),
      content,
    );
  }

  /** Does something to a path (or to what is in it) and puts its mtime back. */
  keepingTime(path: string, act: () => void): void {
    const { mtimeNs } = lstatSync(this.at(path), { bigint: true });
    act();
    setTimes(this.at(path), mtimeNs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.root[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The root directory as it is made, but for its owner: who is not root can make none that is root's. */
function ownRoot(): Change {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return { kind: 'write', path: '', entry: { type: 'directory', mode: 0o755, uid, gid, size: 0, mtimeNs: 0n } };
}

/** A base as the changes of its layer. */
export function changesOf(base: BaseFiles): readonly Change[] {
  const groups = new Map<string, number>();
  for (const file of Object.values(base)) {
    if (typeof file !== 'string' && file.type === 'link') groups.set(file.to, groups.size + 1);
  }
  const paths = Object.keys(base).sort(comparePaths);
  return paths.map(path => {
    const given = base[path] as string | BaseFile;
    const isLink = typeof given !== 'string' && given.type === 'link';
    const file = isLink ? (base[given.to] as string | BaseFile) : given;
    const group = groups.get(isLink ? given.to : path);
    return changeOf(path, typeof file === 'string' ? { type: 'file', content: file } : file, group);
  });
}

function changeOf(path: string, file: BaseFile, group: number | undefined): Change {
  const common = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, size: 0, mtimeNs: baseTimeNs };
  if (file.type === 'link') throw new Error(`${path} is a link to a link`);
  if (file.type === 'directory') {
    return { kind: 'write', path, entry: { ...common, type: 'directory', mode: file.mode ?? 0o755 } };
  }
  if (file.type === 'symlink') {
    return { kind: 'write', path, entry: { ...common, type: 'symlink', mode: 0o777, linkTarget: file.target } };
  }
  const bytes = Buffer.from(file.content);
  const entry: FileEntry = {
    ...common,
    type: 'file',
    mode: file.mode ?? 0o644,
    size: bytes.length,
    ...(file.xattrs && { xattrs: file.xattrs }),
    ...(group !== undefined && { linkGroup: group }),
  };
  return { kind: 'write', path, entry, content: { kind: 'bytes', bytes } };
}

function assertSameTree(told: Tree, onDisk: Tree, ignore: readonly string[]): void {
  const isIgnored = (path: string): boolean => ignore.some(other => path === other || path.startsWith(`${other}/`));
  if (areSame(told, onDisk, isIgnored)) return;
  assert.deepEqual(facts(told, isIgnored), facts(onDisk, isIgnored), 'the changes do not lead to what is on disk');
  assert.fail('the changes do not lead to what is on disk');
}

/** The same as comparing facts, but fast where there are many. */
function areSame(a: Tree, b: Tree, isIgnored: (path: string) => boolean): boolean {
  const others = b.walk();
  const next = (): ReturnType<typeof others.next> => {
    let item = others.next();
    while (!item.done && isIgnored(item.value.path)) item = others.next();
    return item;
  };
  for (const { path, entry } of a.walk()) {
    if (isIgnored(path)) continue;
    const other = next();
    if (other.done || other.value.path !== path || !isSameEntry(entry, other.value.entry)) return false;
    const [peers, otherPeers] = [a.linkPeers(path), b.linkPeers(path)];
    if (peers.length !== otherPeers.length || peers.some((peer, i) => peer !== otherPeers[i])) return false;
  }
  return next().done === true;
}

function facts(tree: Tree, isIgnored: (path: string) => boolean): readonly unknown[] {
  return [...tree.walk()]
    .filter(({ path }) => !isIgnored(path))
    .map(({ path, entry }) => ({ path, ...plain(entry), peers: tree.linkPeers(path) }));
}

/** An entry without what has a meaning only where it comes from. */
function plain(entry: FileEntry | undefined): object | undefined {
  if (entry === undefined) return undefined;
  const { linkGroup: _, mode, ...rest } = entry;
  return { ...rest, mode: entry.type === 'symlink' ? 0 : mode };
}

/** Sets the mtime of a path to whole seconds; of a link itself, not of what it leads to. */
export function setSeconds(path: string, seconds: number): void {
  if (lstatSync(path).isSymbolicLink()) lutimesSync(path, seconds, seconds);
  else utimesSync(path, seconds, seconds);
}
