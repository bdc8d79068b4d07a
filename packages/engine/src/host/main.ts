import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { VarveError } from '../model/error.js';
import { removeIfLeft } from '../store/scratch.js';
import { parentChannel, portChannel } from './channel.js';
import { chooseHostPair, judgeHostRoots } from './choose-pair.js';
import { collectSeldom } from './heap-flags.js';
import { keepToOneself } from './keep-to-oneself.js';
import { layerWork } from './layer-work.js';
import type { BlobNote, HostMethods, HostSetup, RootPair } from './protocol.js';
import { type Handlers, serve } from './rpc.js';
import { HostRoot } from './stage-root.js';
import { HostSurroundings } from './surroundings.js';

/** The program of a host: in a worker thread or a child process, with or without a root, the same. */
async function main(): Promise<void> {
  const setup: HostSetup = parentPort
    ? (workerData as HostSetup)
    : (JSON.parse(process.env.VARVE_HOST_SETUP ?? '{}') as HostSetup);
  const channel = parentPort ? portChannel(parentPort) : parentChannel();
  if (setup.inPlace) keepToOneself();
  // Whatever may still wait for something then: nobody is left who could use it.
  let late: NodeJS.Timeout | undefined;
  if (!parentPort)
    channel.onClose(() => {
      late = setTimeout(() => process.exit(1), setup.inPlace ? swapsBackWithin : endsWithin).unref();
    });
  const around = new HostSurroundings(setup);
  const roots = new RootOfHost(around, setup);
  let isLeft = false;
  await serve<HostMethods>(channel, { ...layerWork(around), ...roots.methods() }, (name, value) => {
    if (name === 'blob') around.noteBlob(value as BlobNote);
    if (name === 'left') isLeft = true;
  });
  await roots.close();
  // What is left to be done needs nobody to be there.
  if (setup.inPlace) clearTimeout(late);
  await roots.remove();
  if (isLeft) await roots.removeLeft();
  await around.rest();
  // The build waits for this process to be gone. Left to itself Node would take its heap apart first.
  if (!parentPort) process.exit();
}

/** Milliseconds that a child has to end by itself once its parent is gone. */
const endsWithin = 5_000;
/** The same where it may have to give a root its files back. */
const swapsBackWithin = 60_000;
/** Milliseconds that a build needs at most to end once it has let its hosts go. */
const buildEndsWithin = 2_000;

type MeasureMethods = 'measureCapture' | 'measureUnpacking' | 'peakMemory';
type RootMethods =
  | 'choosePair'
  | 'judgeRoots'
  | 'openRoot'
  | 'applyLayers'
  | 'run'
  | 'capture'
  | 'layDown'
  | 'closeRoot'
  | 'removeRoot'
  | MeasureMethods;

/** The one root that a host may have. */
class RootOfHost {
  readonly #around: HostSurroundings;
  readonly #setup: HostSetup;
  #pair: Promise<RootPair> | undefined;
  #root: Promise<HostRoot> | undefined;
  #closing: Promise<void> | undefined;
  #remove: (() => Promise<void>) | undefined;
  #buildDir: string | undefined;

  constructor(around: HostSurroundings, setup: HostSetup) {
    this.#around = around;
    this.#setup = setup;
  }

  methods(): Pick<Handlers<HostMethods>, RootMethods> {
    return {
      choosePair: params => {
        this.#pair = chooseHostPair(this.#around, params);
        return this.#pair;
      },
      judgeRoots: named => judgeHostRoots(this.#around, named),
      openRoot: async (params, { signal }) => {
        this.#buildDir = dirname(params.dir);
        this.#root = this.#openRoot(params, signal);
        await this.#root;
        return undefined;
      },
      applyLayers: async ({ layers }, { signal, emit }) => {
        const root = await this.#open();
        for (const layer of layers) {
          await root.apply(layer, signal);
          emit({ diffId: layer.diffId });
        }
        await this.#around.rest();
        return undefined;
      },
      run: async (params, { signal, emit }) => {
        const output = (stream: 'stdout' | 'stderr') => (chunk: Uint8Array) => emit({ stream, chunk });
        const root = await this.#open();
        return root.run(params, { stdout: output('stdout'), stderr: output('stderr') }, signal);
      },
      capture: async (options, { signal, emit }) =>
        (await this.#open()).capture(options, { signal, free: () => emit(undefined) }),
      layDown: async (known, { signal, emit }) =>
        (await this.#open()).layDown(known, { signal, free: () => emit(undefined) }),
      measureCapture: async (deed, { signal }) => {
        const { measureCapture } = await import('./measure.js');
        return (await this.#open()).look(root => measureCapture(root, deed, signal));
      },
      measureUnpacking: async (params, { signal }) => {
        const { measureUnpacking } = await import('./measure.js');
        return measureUnpacking(this.#around, params, signal);
      },
      peakMemory: async () => (await import('./measure.js')).peakMemory(),
      closeRoot: async () => {
        this.#closing = this.close();
        await this.#closing;
        return undefined;
      },
      removeRoot: async () => {
        await this.#closing;
        await this.remove();
        return undefined;
      },
    };
  }

  async close(): Promise<void> {
    // Who asked for it has the error where it could not be opened.
    const root = await this.#root?.catch(() => undefined);
    this.#root = undefined;
    this.#remove = (await root?.close()) ?? this.#remove;
  }

  async remove(): Promise<void> {
    const remove = this.#remove;
    this.#remove = undefined;
    await remove?.();
  }

  /** A build that did not wait until its root was removed leaves its folder to whoever removes that. */
  async removeLeft(): Promise<void> {
    if (this.#buildDir !== undefined) await removeIfLeft(this.#buildDir, buildEndsWithin);
  }

  async #openRoot({ dir, pair }: HostMethods['openRoot']['params'], signal: AbortSignal): Promise<HostRoot> {
    const chosen = pair ?? (await this.#pair);
    if (!chosen) throw new VarveError('E_INTERNAL', 'this host has chosen no pair');
    const root = await HostRoot.open(this.#around, { dir, setup: this.#setup, pair: chosen }, signal);
    if (!parentPort) collectSeldom();
    return root;
  }

  async #open(): Promise<HostRoot> {
    if (!this.#root) throw new VarveError('E_INTERNAL', 'this host has no root');
    return this.#root;
  }
}

// What it rejects with ends the process, or the thread.
void main();
