import type { Bytes } from '../model/bytes.js';
import type { ChangeSet } from '../model/change.js';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import type { RootMount } from '../model/root.js';
import type { LayerToc } from '../model/toc.js';

/** One layer to be laid on a root: its identity and its tar, decompressed and verified while it is read. */
export interface LayerInput {
  readonly diffId: string;
  /** The uncompressed tar. May be called once. */
  tar(): Bytes;
  /** Other roots will begin with the same layers: what they unpack to is worth keeping, see {@link RootRequest.unpacked}. */
  readonly shared?: boolean;
  /** It only adds: it hides nothing that lower layers have but by what it has itself, and every directory above an entry is in it. */
  readonly additive?: boolean;
}

/**
 * Folders that outlive a root: what shared layers unpack to, used by all roots of this store and all builds on it. Nobody may change
 * one once it is made. `varve cache prune` removes those that nobody uses.
 */
export interface UnpackedTrees {
  /**
   * The folder of this name, filled by `make` where there is none yet. Of several who want it at once, in any process, one makes it and the
   * others wait. `make` gives the bytes of its files; one that throws leaves nothing. The name says everything that decides what is in
   * the folder.
   */
  take(name: string, make: (dir: string) => Promise<number>, signal: AbortSignal): Promise<UnpackedTree>;
}

/** A folder that stays as long as it is not released, and this process lives. */
export interface UnpackedTree {
  readonly dir: string;
  release(): void;
}

/** What a snapshotter is given to work with. */
export interface RootRequest {
  /** An empty folder on disk that this root owns, removed by the caller when the root is closed. */
  readonly dir: string;
  /** False where files cannot be given to other users for real (an unprivileged process). */
  readonly canChown: boolean;
  /** Where trees of shared layers are kept, on the file system of `dir`. Absent where nothing outlives the root. */
  readonly unpacked?: UnpackedTrees;
}

/**
 * Gives a stage its root file system and tells what changed in it. Lives in the process that owns the root.
 *
 * Life cycle: `open` → `apply` each layer of the base, lowest first → (a step runs in `mount` → `capture`, or `apply` of a
 * layer that is known) as often as there are steps → dispose.
 *
 * What may not happen: a root writes outside its `dir`; a link, `..` or device trick in a layer leads out of the root; `capture`
 * reports what it was told to ignore; times are made up.
 */
export interface Snapshotter {
  open(request: RootRequest, signal: AbortSignal): Promise<StageRoot>;
}

export interface StageRoot extends AsyncDisposable {
  /** How a process enters it. */
  readonly mount: RootMount;
  /**
   * Lay one layer on top and make it part of the baseline. Yields the layer's table of contents, since it was read anyway; undefined
   * where it was not read, because an unpacked tree was there. Errors: `E_LAYER_INVALID` for a tar that is malformed or tries to
   * leave the root.
   */
  apply(layer: LayerInput, signal: AbortSignal): Promise<LayerToc | undefined>;
  /** Called just before a step starts, so that evidence older than the step can be told from the step's own. */
  beforeRun(): Promise<void>;
  /**
   * Everything that differs from the baseline, in path order; what it reports becomes the baseline once the set was read to
   * its end. `ignore` lists paths that are not part of the root (mount points that the engine made, say).
   */
  capture(ignore: readonly TreePath[], signal: AbortSignal): ChangeSet;
  /** An entry of the root as it is now known, without following a link at its end; undefined where there is none. */
  entry(path: TreePath): FileEntry | undefined;
  /** Folder on disk under which the root's files can be read by this process, as they are now. */
  readonly dir: string;
}
