import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { writeEtcFiles } from '../executor/etc-files.js';
import { prepareMountpoints } from '../executor/mountpoints.js';
import { parsePasswd } from '../executor/passwd.js';
import { lookupUser } from '../executor/users.js';
import type { Bytes } from '../model/bytes.js';
import type { ChangeSet } from '../model/change.js';
import { codeOf } from '../model/error.js';
import type { StepExit, StepMount, StepProcess } from '../model/process.js';
import { withResolvers } from '../model/with-resolvers.js';
import type { Executor, StepOutput } from '../plugin/executor.js';
import type { StageRoot } from '../plugin/snapshotter.js';
import { removeFolder } from '../store/remove-folder.js';
import { storeError } from '../store/store.js';
import { openUnpacked } from '../store/unpacked.js';
import { CaptureAhead, type LayerWork } from './capture-ahead.js';
import { keepHeapSmall } from './heap-flags.js';
import { LayerBeingWritten } from './layer-being-written.js';
import { unpackChanges } from './packed-changes.js';
import { forgetPair } from './pair-memory.js';
import type {
  CaptureOptions,
  FinishedStepLayer,
  HostCommand,
  HostMethods,
  HostSetup,
  KnownChanges,
  LayerInputParams,
  LayerOptions,
  RootPair,
  StepSettings,
} from './protocol.js';
import { readInRoot } from './read-in-root.js';
import { smallWork } from './small-work.js';
import { openStepMounts } from './step-mounts.js';
import { type HostSurroundings, isDiskError, type WriteOptions } from './surroundings.js';
import { withoutIgnored } from './without-ignored.js';
import { WriterThread } from './writer-thread.js';

interface RootParts {
  readonly dir: string;
  readonly root: StageRoot;
  readonly executor: Executor;
  readonly writer: WriterThread;
}

interface OpenRoot {
  readonly dir: string;
  readonly setup: HostSetup;
  readonly pair: RootPair;
}

/**
 * The root file system of one stage, with what runs in it. Everything here happens one after the other; only finishing a layer, which needs no
 * root any more, goes on while the next step runs.
 */
export class HostRoot {
  readonly #around: HostSurroundings;
  readonly #dir: string;
  readonly #root: StageRoot;
  readonly #executor: Executor;
  readonly #writer: WriterThread;
  #steps = 0;
  #finishing: Promise<void> = Promise.resolve();
  /** Until what was asked to be laid on it lies there, nothing runs. */
  #laid: Promise<void> = Promise.resolve();
  /** What the last step changed is looked for, and nobody has asked for it yet. */
  #ahead: CaptureAhead | undefined;
  /** What the executor has made ready for the next step. */
  #prepared: AsyncDisposable | undefined;

  private constructor(around: HostSurroundings, { dir, root, executor, writer }: RootParts) {
    this.#around = around;
    this.#dir = dir;
    this.#root = root;
    this.#executor = executor;
    this.#writer = writer;
  }

  static async open(
    around: HostSurroundings,
    { dir, setup, pair: { snapshotter, executor } }: OpenRoot,
    signal: AbortSignal,
  ): Promise<HostRoot> {
    const rootDir = join(dir, 'root');
    mkdirSync(rootDir, { mode: 0o755 });
    const canChown = process.geteuid?.() === 0;
    try {
      const snapshots = await (await around.providers.get('snapshotter', snapshotter)).create(
        around.tools(`snapshotter-${snapshotter.id}`),
      );
      const runs = await (await around.providers.get('executor', executor)).create(
        around.tools(`executor-${executor.id}`),
      );
      const root = await snapshots.open({ dir: rootDir, canChown, unpacked: openUnpacked(around.store) }, signal);
      const opened = new HostRoot(around, { dir, root, executor: runs, writer: new WriterThread(setup) });
      // Main knows which step comes first a moment later.
      if (runs.preparesBeside) opened.#prepared = runs.prepare?.();
      return opened;
    } catch (error) {
      forgetPair(around.store);
      throw error;
    }
  }

  /** Lays a layer on the root; its table of contents, where it was read on the way, goes into the store. */
  async apply(layer: LayerInputParams, signal: AbortSignal): Promise<void> {
    const { diffId, shared = false } = layer;
    const tar = (): Bytes => {
      if (isMainThread) keepHeapSmall();
      return this.#around.tar(layer, signal);
    };
    try {
      const toc = await this.#root.apply({ diffId, shared, tar }, signal);
      if (toc) await this.#around.tocs.put(diffId, toc);
    } catch (error) {
      throw isDiskError(error) ? storeError(this.#around.store.dir, error) : error;
    }
  }

  /** Runs a step, with the files and mounts that it sees besides the root. None of them is left when it is over. */
  async run(
    { capture, ...step }: HostMethods['run']['params'],
    output: StepOutput,
    signal: AbortSignal,
  ): Promise<StepExit> {
    await this.#laid;
    const exit = await this.#run(step, output, signal);
    if (capture && exit.kind === 'exited' && exit.code === 0)
      this.#ahead = new CaptureAhead(work => this.#capture(capture, work));
    return exit;
  }

  async #run(
    { command, settings, isFollowed }: HostMethods['run']['params'],
    output: StepOutput,
    signal: AbortSignal,
  ): Promise<StepExit> {
    await using _prepared = this.#prepared ?? this.#executor.prepare?.();
    this.#prepared = undefined;
    const stepDir = join(this.#dir, `step-${this.#steps++}`);
    mkdirSync(stepDir, { mode: 0o700 });
    const passwd = readInRoot(this.#root.dir, 'etc/passwd');
    const user = lookupUser(passwd, readInRoot(this.#root.dir, 'etc/group'), command.user);
    const etc = writeEtcFiles({
      dir: stepDir,
      network: command.network,
      hostname: settings.hostname,
      addHosts: settings.addHosts,
    });
    const own = await openStepMounts(stepDir, command.mounts, this.#around, signal);
    try {
      const mounts = [...etc, ...inlineFiles(stepDir, command), ...own.mounts];
      const mountpoints = prepareMountpoints(this.#root.dir, mounts);
      try {
        await this.#root.beforeRun();
        const env = withHome(command.env, passwd, user.uid);
        const process = processOf(command, settings, { root: this.#root.mount, user, mounts, env });
        const running = this.#executor.run(process, output, signal);
        if (isFollowed && this.#executor.preparesBeside) this.#prepared = this.#executor.prepare?.();
        return await running;
      } finally {
        mountpoints.remove();
      }
    } catch (error) {
      if (codeOf(error) === 'E_EXECUTOR') forgetPair(this.#around.store);
      throw error;
    } finally {
      await own.close();
    }
  }

  capture(options: CaptureOptions, work: LayerWork): Promise<FinishedStepLayer | null> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return ahead ? ahead.take(work) : this.#capture(options, work);
  }

  #capture({ ignored, ...options }: CaptureOptions, { signal, free }: LayerWork): Promise<FinishedStepLayer | null> {
    const changes = (): ChangeSet => withoutIgnored(this.#root.capture([], signal), ignored);
    const how = { ...options, signal, vanished: 'whiteout', onRead: free } as const;
    return this.#inTurn(() => this.#around.writeLayer(changes, path => this.#root.entry(path), how));
  }

  /** One layer is finished after the other. */
  #inTurn(make: () => Promise<FinishedStepLayer | null>): Promise<FinishedStepLayer | null> {
    const made = this.#finishing.then(make);
    this.#finishing = made.then(
      () => undefined,
      () => undefined,
    );
    return made;
  }

  /** Writes known changes as a layer into the store, and lays it on the root on the way. */
  layDown(known: HostMethods['layDown']['params'], work: LayerWork): Promise<FinishedStepLayer | null> {
    const { promise: laid, resolve, reject } = withResolvers();
    const free = (): void => {
      resolve();
      work.free();
    };
    const made = this.#inTurn(() => this.#layDown(known, { ...work, free }));
    made.then(() => resolve(), reject);
    // Whoever asked for it has the error.
    laid.catch(() => undefined);
    this.#laid = laid;
    return made;
  }

  async #layDown(
    { bytes, additive, ...known }: HostMethods['layDown']['params'],
    { signal, free }: LayerWork,
  ): Promise<FinishedStepLayer | null> {
    // What it is called is not known before it is written; nobody else begins with it.
    const readBy = async (tar: Bytes): Promise<void> => {
      await this.#root.apply({ diffId: '', additive, tar: () => tar }, signal);
      free();
    };
    try {
      if (bytes > smallWork) return await this.#writer.write(known, readBy, signal);
      const layer = new LayerBeingWritten(companion => this.#write(known, { signal, once: true, ...companion }));
      await readBy(layer.tar);
      return await layer.finished();
    } catch (error) {
      if (codeOf(error) !== 'E_FILE_CHANGING') throw error;
    }
    // What lies there already gives way.
    return this.#write(known, { signal, readBy });
  }

  /** Writes known changes in this thread. */
  #write(
    { changes, ancestors, ...options }: KnownChanges,
    more: Omit<WriteOptions, keyof LayerOptions>,
  ): Promise<FinishedStepLayer | null> {
    const known = new Map(ancestors);
    return this.#around.writeLayer(
      () => unpackChanges(changes),
      path => known.get(path),
      { ...options, ...more },
    );
  }

  /** Gives the root itself to somebody who measures it. */
  look<Found>(by: (root: StageRoot) => Promise<Found>): Promise<Found> {
    return by(this.#root);
  }

  /** Ends what works on it. Gives what removes its files. */
  async close(): Promise<() => Promise<void>> {
    await this.#ahead?.drop();
    await this.#prepared?.[Symbol.asyncDispose]();
    await this.#writer.close();
    await this.#root[Symbol.asyncDispose]();
    // Here, since files that were given to others may not be the main process's to remove, and since that has other things to do.
    return () => removeFolder(this.#dir);
  }
}

function processOf(
  command: HostCommand,
  settings: StepSettings,
  found: Pick<StepProcess, 'root' | 'user' | 'mounts' | 'env'>,
): StepProcess {
  const { argv, cwd, network, security } = command;
  const { hostname, shmSize, ulimits } = settings;
  return { ...found, argv, cwd, network, security, hostname, ulimits, ...(shmSize === undefined ? {} : { shmSize }) };
}

/** HOME is that of the user in the image, unless the step's environment names one that is not empty, as with runc. */
function withHome(env: readonly string[], passwd: string, uid: number): readonly string[] {
  if (env.some(line => /^HOME=./s.test(line))) return env;
  return [
    ...env.filter(line => line !== 'HOME='),
    `HOME=${parsePasswd(passwd).find(entry => entry.uid === uid)?.home || '/'}`,
  ];
}

/** Files that a step brings along (the script of a heredoc), shown to it read-only. */
function inlineFiles(stepDir: string, { files = [] }: HostCommand): readonly StepMount[] {
  return files.map(({ target, content, mode }, index) => {
    const source = join(stepDir, `file-${index}`);
    writeFileSync(source, content);
    chmodSync(source, mode);
    return { kind: 'bind', source, target, readOnly: true };
  });
}
