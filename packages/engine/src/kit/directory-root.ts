import { chmodSync, mkdirSync, utimesSync } from 'node:fs';
import { readLayer } from '../layer/read.js';
import { TocCollector } from '../layer/toc.js';
import { Unpacker } from '../layer/unpack/unpacker.js';
import { teeVisitors } from '../layer/visitor.js';
import type { Change } from '../model/change.js';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import type { LayerToc } from '../model/toc.js';
import type { LayerInput, RootRequest, StageRoot } from '../plugin/snapshotter.js';
import { Stats } from '../sys/stats.js';
import { readEntry } from '../tree/node-entry.js';
import { findNode } from '../tree/node-path.js';
import { Baseline } from './baseline.js';
import { Capture } from './capture.js';
import type { ContentHashId } from './content-hash.js';
import { fileSystemTraits } from './file-system-traits.js';
import { hashUnhashed } from './hash-unhashed.js';
import { ignoredPaths } from './ignored-paths.js';
import { OpenWatch } from './open-watch.js';
import { RootClock, type RowTime } from './root-clock.js';
import { RootState } from './root-state.js';
import { WalkTeam } from './walk-team.js';
import type { ContentCheck } from './walk-view.js';

/** How changes are told from what only looks like one. */
export interface Detection {
  /**
   * - `auto`: stat evidence where the file system keeps ctime, and contents of files whose evidence moved while all else is
   *   as before; elsewhere all contents, but for those of files that nobody opened, where that is known and enough. Exact.
   * - `all`: all contents, everywhere. Exact.
   * - `evidence`: stat evidence alone: a file whose ctime moved has changed. Misses what a file system does not note.
   * - `metadata`: what an entry says, contents never.
   */
  readonly content: 'auto' | 'all' | 'evidence' | 'metadata';
  readonly hash: ContentHashId;
  /** Threads that walk and hash; 2 by default, 1 for small roots in any case. */
  readonly threads?: number;
}

/**
 * Gives a stage a root in a folder on disk: layers are unpacked into it, and changes are found by walking it. The folder of the
 * request gets a `root`, so that there is room beside it on the same file system.
 */
export async function openDirectoryRoot(request: RootRequest, detection: Detection): Promise<StageRoot> {
  const dir = `${request.dir}/root`;
  mkdirSync(dir);
  chmodSync(dir, 0o755);
  // As the tree of `FROM scratch` says.
  utimesSync(dir, 0, 0);
  return new DirectoryRoot(request, dir, detection);
}

class DirectoryRoot implements StageRoot {
  readonly dir: string;
  readonly mount: StageRoot['mount'];
  readonly #state: RootState;
  readonly #canChown: boolean;
  readonly #detection: Detection;
  readonly #check: ContentCheck;
  readonly #trustDirectories: boolean;
  /** Whether it helps to know which files were opened. */
  readonly #watches: boolean;
  readonly #clock: RootClock;
  readonly #team: WalkTeam;
  /** Evidence from here on may be of an older version of its file; undefined where the clock has passed all of it. */
  #racyFrom: RowTime | undefined;
  #watch: OpenWatch | undefined;

  constructor(request: RootRequest, dir: string, detection: Detection) {
    this.dir = dir;
    this.mount = { kind: 'directory', path: dir };
    this.#state = new RootState(dir, detection.hash);
    const stats = new Stats();
    stats.path(dir);
    new Baseline(this.#state, false).evidence('', stats.words);
    this.#canChown = request.canChown;
    this.#detection = detection;
    const traits = fileSystemTraits(request.dir, true);
    const readsAll = detection.content === 'all' || (detection.content === 'auto' && !traits.keepsCtime);
    this.#check = detection.content === 'metadata' ? 'never' : readsAll ? 'all' : 'moved';
    this.#trustDirectories = traits.keepsDirectories;
    this.#watches = detection.content === 'auto' && traits.hidesMapped;
    this.#clock = new RootClock(request.dir);
    this.#team = new WalkTeam(detection.threads ?? 2);
  }

  get #hashes(): boolean {
    return this.#detection.content === 'auto' || this.#detection.content === 'all';
  }

  async apply(layer: LayerInput, signal: AbortSignal): Promise<LayerToc> {
    const toc = new TocCollector();
    const baseline = new Baseline(this.#state, this.#hashes);
    const unpacker = new Unpacker(this.dir, this.#canChown, baseline);
    try {
      await readLayer(layer.tar(), teeVisitors(toc, unpacker, baseline), signal);
      unpacker.finish();
      baseline.finish(unpacker.masked.keys());
    } finally {
      unpacker.close();
    }
    this.#racyFrom = tickBefore(this.#newest());
    this.#team.prepare(this.#state.table, this.#check);
    return toc.toc();
  }

  async beforeRun(): Promise<void> {
    if (this.#hashes) await hashUnhashed(this.#state, this.#team);
    this.#racyFrom = (await this.#clock.pass(this.#newest())) ? undefined : tickBefore(this.#newest());
    if (this.#watches) this.#watch = OpenWatch.begin(this.#state, this.#watch);
  }

  async *capture(ignore: readonly TreePath[], signal: AbortSignal): AsyncGenerator<Change, void, undefined> {
    signal.throwIfAborted();
    this.#state.reserve();
    const began = this.#clock.now();
    const ignored = ignoredPaths(ignore);
    const { table, evidence, hashes } = this.#state;
    const suspects = this.#watch?.suspects();
    const findings = await this.#team.walk(table, {
      dir: this.dir,
      columns: table.columns,
      names: table.arena.bytes,
      slots: table.index.slots,
      evidence: evidence.view,
      hashes: hashes.words,
      hash: this.#state.hash,
      check: this.#check,
      trustDirectories: this.#trustDirectories,
      ...(this.#racyFrom && { racyFrom: this.#racyFrom }),
      ...(ignored && { ignored }),
      ...(suspects && { suspects }),
    });
    signal.throwIfAborted();
    const capture = new Capture(this.#state, findings, {
      check: this.#detection.content === 'evidence' ? 'evidence' : this.#check,
      ignored: new Set(ignore.map(path => findNode(table, path))),
    });
    let whole = false;
    try {
      yield* capture.changes();
      whole = true;
    } finally {
      if (whole) capture.commit();
      else capture.rollback();
    }
    this.#watch?.rest();
    this.#racyFrom = began;
  }

  entry(path: TreePath): FileEntry | undefined {
    const node = findNode(this.#state.table, path);
    return node === -1 ? undefined : readEntry(this.#state.table, node);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch?.[Symbol.dispose]();
    this.#clock[Symbol.dispose]();
    await this.#team[Symbol.asyncDispose]();
  }

  #newest(): RowTime {
    return { seconds: this.#state.evidence.newestSeconds, rest: this.#state.evidence.newestRest };
  }
}

/** A time that is one second earlier: more than any clock's tick. */
function tickBefore(time: RowTime): RowTime {
  return { seconds: Math.max(0, time.seconds - 1), rest: time.rest };
}
