import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { copyMetadata, isSameEntry, Looker, onDisk, unpackLayer } from '@varve/engine/kit';
import {
  type Change,
  type FileEntry,
  type LayerInput,
  type LayerToc,
  type RootRequest,
  type StageRoot,
  type TreePath,
  type UnpackedTree,
  VarveError,
} from '@varve/engine/plugin';
import { findChanges } from './changes.js';
import { type MountedOverlay, mountForReading, mountForWriting, moveAway, takeAway } from './mounts.js';
import type { OverlayOptions } from './options.js';

/** As many lower folders as the kernel takes by file descriptor in one page of options. Docker has 128 layers at most. */
const mostLowers = 200;

/**
 * A root that is an overlay: lower folders, each a layer as it was unpacked or a step as it left it, and an upper one for the step that
 * runs. What a step changed is in the upper folder; once that is told, it becomes the uppermost of the lower ones.
 */
export function openOverlayRoot(request: RootRequest, options: OverlayOptions): StageRoot {
  return new OverlayRoot(request, options);
}

class OverlayRoot implements StageRoot {
  readonly dir: string;
  readonly mount: StageRoot['mount'];
  readonly #request: RootRequest;
  readonly #options: OverlayOptions;
  readonly #looker = new Looker();
  /** Where the root before a step is shown while changes are looked for. */
  readonly #before: string;
  /** Where the root itself is meanwhile. */
  readonly #aside: string;
  /** Where the root is now. */
  #shown: string;
  /** The empty folder that a root begins with. */
  readonly #scratch: string;
  /** Folders below the upper one, the uppermost first. */
  #lower: readonly string[];
  /** Names the layers applied so far, as long as all of them are shared ones. */
  #chain: string | undefined = 'overlay-2';
  readonly #trees: UnpackedTree[] = [];
  #folders = 0;
  #upper = '';
  #mounted: MountedOverlay;

  constructor(request: RootRequest, options: OverlayOptions) {
    this.#request = request;
    this.#options = options;
    this.dir = `${request.dir}/root`;
    this.#before = `${request.dir}/before`;
    this.#aside = `${request.dir}/aside`;
    this.#shown = this.dir;
    this.mount = { kind: 'directory', path: this.dir };
    mkdirSync(this.dir);
    this.#scratch = this.#folder('scratch');
    emptyRoot(this.#scratch);
    this.#lower = [this.#scratch];
    this.#mounted = this.#mountUpper();
    // Marks of the other kind would be files like any other, and the owners of another map other people.
    if (this.#mounted.attributes === 'user') this.#chain = `${this.#chain} user ${idMap()}`;
  }

  async apply(layer: LayerInput, signal: AbortSignal): Promise<LayerToc | undefined> {
    takeAway(this.dir);
    const { unpacked } = this.#request;
    if (!layer.shared || !unpacked || this.#chain === undefined) {
      this.#chain = undefined;
      const folder = this.#folder('layer');
      const { toc } = await this.#unpack(layer, folder, signal);
      this.#stack(folder);
      return toc;
    }
    // The name says all that decides the content: the layers, in order, and the format.
    this.#chain = `${this.#chain} ${layer.diffId}`;
    let toc: LayerToc | undefined;
    const make = async (dir: string): Promise<number> => {
      mkdirSync(`${dir}/files`);
      const made = await this.#unpack(layer, `${dir}/files`, signal);
      toc = made.toc;
      return made.bytes;
    };
    const tree = await unpacked.take(this.#chain, make, signal);
    this.#trees.push(tree);
    this.#stack(`${tree.dir}/files`);
    return toc;
  }

  /** What a step writes is found wherever it is written: there is no evidence to wait for. */
  async beforeRun(): Promise<void> {}

  async *capture(ignore: readonly TreePath[], signal: AbortSignal): AsyncGenerator<Change, void, undefined> {
    signal.throwIfAborted();
    if (readdirSync(this.#upper).length === 0 && this.#isSameRoot()) return;
    const before = this.#showBefore();
    // Who still writes finds nothing until everything is told: it would be neither in this set nor in the next.
    this.#moveRoot(this.dir, this.#aside);
    let isTold = false;
    try {
      const views = { before, after: this.#aside, upper: this.#upper, ...this.#mounted };
      yield* findChanges(views, ignore, signal);
      isTold = true;
    } finally {
      takeAway(this.#before);
      if (!isTold) this.#moveRoot(this.#aside, this.dir);
    }
    takeAway(this.#aside);
    this.#shown = this.dir;
    this.#stack(this.#upper);
  }

  #moveRoot(from: string, to: string): void {
    mkdirSync(to, { recursive: true });
    moveAway(from, to);
    this.#shown = to;
  }

  entry(path: TreePath): FileEntry | undefined {
    return this.#looker.look(onDisk(this.#shown, path))?.entry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    takeAway(this.#shown);
    for (const tree of this.#trees) tree.release();
  }

  /** Unpacks a layer into a folder as an upper one over what is there: whiteouts become the overlay's own. */
  async #unpack(
    { tar, additive }: LayerInput,
    folder: string,
    signal: AbortSignal,
  ): Promise<{ toc: LayerToc; bytes: number }> {
    const target = { canChown: this.#request.canChown, signal };
    if (this.#isEmpty) {
      emptyRoot(folder);
      const { toc } = await unpackLayer(tar(), { ...target, dir: folder });
      return { toc, bytes: bytesOf(toc) };
    }
    copyMetadata(this.#lower[0] as string, folder);
    if (additive === true) {
      // It needs no marks: to create a file through a mount takes thrice as long.
      const { toc } = await unpackLayer(tar(), { ...target, dir: folder });
      return { toc, bytes: bytesOf(toc) };
    }
    // Beside the folder, not below the root's own: both have to be on one file system.
    const work = `${folder}.work`;
    mkdirSync(work);
    mountForWriting({ lower: this.#lower, upper: folder, work }, this.dir, this.#options);
    try {
      const { toc } = await unpackLayer(tar(), { ...target, dir: this.dir });
      return { toc, bytes: bytesOf(toc) };
    } finally {
      takeAway(this.dir);
      rmSync(work, { recursive: true, force: true });
    }
  }

  /** Whether there is no layer yet, but only the folder that stands in for one. */
  get #isEmpty(): boolean {
    return this.#lower[0] === this.#scratch;
  }

  /** Makes a folder the uppermost of the lower ones, and begins a new upper one. */
  #stack(folder: string): void {
    this.#lower = [folder, ...(this.#isEmpty ? [] : this.#lower)];
    if (this.#lower.length > mostLowers) {
      throw new VarveError('E_TOO_MANY_LAYERS', `a stage of more than ${mostLowers} layers cannot be mounted`, {
        hint: 'join some of its RUN and COPY instructions, or build with --snapshot full',
      });
    }
    this.#mounted = this.#mountUpper();
  }

  #mountUpper(): MountedOverlay {
    this.#upper = this.#folder('upper');
    copyMetadata(this.#lower[0] as string, this.#upper);
    const work = this.#folder('work');
    return mountForWriting({ lower: this.#lower, upper: this.#upper, work }, this.dir, this.#options);
  }

  /** The root as it was before the step, to look at. */
  #showBefore(): string {
    const [only, ...others] = this.#lower;
    if (only !== undefined && others.length === 0) return only;
    mkdirSync(this.#before, { recursive: true });
    mountForReading(this.#lower, this.#before);
    return this.#before;
  }

  #isSameRoot(): boolean {
    const [before, after] = [this.#lower[0] as string, this.#upper].map(place => this.#looker.look(place));
    return before !== undefined && after !== undefined && isSameEntry(before.entry, after.entry);
  }

  #folder(purpose: string): string {
    const folder = `${this.#request.dir}/${purpose}-${this.#folders++}`;
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  }
}

/** As the tree of `FROM scratch` says. */
function emptyRoot(dir: string): void {
  chmodSync(dir, 0o755);
  utimesSync(dir, 0, 0);
}

function bytesOf(toc: LayerToc): number {
  let bytes = 0;
  for (const item of toc.entries) if (item.kind === 'write' && item.linkTo === undefined) bytes += item.entry.size;
  return bytes;
}

/** Which ids of this user namespace are which of the machine's. */
function idMap(): string {
  return ['uid', 'gid'].map(kind => readFileSync(`/proc/self/${kind}_map`, 'latin1').trim().split(/\s+/)).join(' ');
}
