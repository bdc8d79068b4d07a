import { setTimeout } from 'node:timers/promises';
import type { ChildHost } from '../host/client.js';
import { packChanges } from '../host/packed-changes.js';
import type { CaptureOptions, HostCommand, HostMethods, LayerInputParams, LayerOptions } from '../host/protocol.js';
import { smallWork } from '../host/small-work.js';
import type { Change } from '../model/change.js';
import { VarveError } from '../model/error.js';
import type { Layer } from '../model/layer.js';
import type { StepExit } from '../model/process.js';
import { withResolvers } from '../model/with-resolvers.js';
import type { Ancestors, LayerInTheMaking, RunCourse, StageRootHandle } from '../run/tools.js';
import type { Session } from './session.js';
import { stepSettings } from './step-settings.js';
import { warnUnstable } from './warn-unstable.js';

/** Tells that a layer's table of contents is being read: whoever needs it waits instead of reading the layer a second time. */
export type TocsOnTheWay = Map<string, Promise<void>>;

export interface RootRequest {
  readonly layerOptions: LayerOptions;
  readonly onTheWay: TocsOnTheWay;
  /** Name of the stage, for people; `''` where there is only one. */
  readonly label: string;
}

/** The root of a stage, in a host of its own. The host starts at once; whatever is asked of it waits until it is there. */
export class HostedRoot implements StageRootHandle {
  readonly #session: Session;
  readonly #request: RootRequest;
  readonly #host: ChildHost;
  readonly #asked: Promise<void>;
  readonly #opened: Promise<void>;
  /** The layers that the root holds once everything asked for so far is done. */
  #wanted: readonly Layer[] = [];
  #synced: Promise<void> = Promise.resolve();

  constructor(session: Session, request: RootRequest) {
    this.#session = session;
    this.#request = request;
    const { client, asked, opened } = session.rootHosts.take();
    this.#host = client;
    this.#asked = asked;
    this.#opened = opened;
  }

  sync(layers: readonly Layer[]): Promise<void> {
    if (this.#wanted.some((layer, index) => layer.diffId !== layers[index]?.diffId))
      throw new VarveError('E_INTERNAL', 'a root cannot go back to other layers');
    const added = layers.slice(this.#wanted.length);
    if (added.length === 0) return this.#synced;
    // What a stage begins with is where other stages and builds begin too.
    const shared = this.#wanted.length === 0;
    const report = this.#reporter(added);
    this.#wanted = layers;
    // The bytes can come while the host starts, which is told of them; and nobody else needs to read these layers meanwhile.
    const inputs = added.map(layer => ({ ...this.#host.input(layer), shared }));
    const arrivals = added.map(layer => announce(this.#request.onTheWay, layer.diffId));
    this.#synced = this.#synced
      .then(() => this.#apply(added, inputs, { arrivals, report }))
      .finally(() => {
        for (const arrival of arrivals) arrival.arrived();
      });
    this.#synced.catch(() => undefined);
    return this.#synced;
  }

  async run(command: HostCommand, { onOutput, isFollowed }: RunCourse, signal: AbortSignal): Promise<StepExit> {
    await this.#opened;
    const settings = stepSettings(this.#session.options);
    const capture = command.concludes ? { capture: this.#captureOptions } : {};
    return this.#host.call(
      'run',
      { command, settings, isFollowed, ...capture },
      { signal, onEvent: ({ stream, chunk }) => onOutput(stream, chunk) },
    );
  }

  capture(signal: AbortSignal): LayerInTheMaking {
    return this.#makeLayer('capture', this.#captureOptions, signal);
  }

  get #captureOptions(): CaptureOptions {
    const { ignoredPaths: ignored = [] } = this.#session.options;
    return { ...this.#request.layerOptions, ignored };
  }

  /** Not where it cannot read what this process can: in a user namespace, and where it is swapped with the container's own. */
  async isReadyOn(layers: readonly Layer[], patience: number): Promise<boolean> {
    const isHere = this.#session.roots.place().kind === 'namespaces';
    const isSame =
      layers.length === this.#wanted.length && layers.every(({ diffId }, at) => diffId === this.#wanted[at]?.diffId);
    if (!isHere || !isSame) return false;
    const isReady = Promise.all([this.#opened, this.#synced]).then(
      () => true,
      () => false,
    );
    return Promise.race([isReady, setTimeout(patience, false, { ref: false })]);
  }

  layDown(changes: readonly Change[], ancestors: Ancestors, bytes: number): LayerInTheMaking {
    const additive = changes.every(({ kind }) => kind === 'write');
    const known = { ...this.#request.layerOptions, changes: packChanges(changes), ancestors, bytes, additive };
    return this.#makeLayer('layDown', known, this.#session.signal, bytes <= smallWork);
  }

  /** The files of the root may take a while to go: the session waits for that, the stages that follow do not. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.rootHosts.end(this.#host);
  }

  #makeLayer<Method extends 'capture' | 'layDown'>(
    method: Method,
    params: HostMethods[Method]['params'],
    signal: AbortSignal,
    isLaidSoon = false,
  ): LayerInTheMaking {
    const { promise: laid, resolve, reject } = withResolvers();
    // The host lays it before it runs anything: a process can be on its way there meanwhile.
    if (isLaidSoon) resolve();
    // A step in the container's own root may hide what finishing a layer needs.
    const onEvent = this.#session.roots.place().kind === 'container' ? () => undefined : () => resolve();
    const finished = this.#host.call(method, params, { signal, onEvent }).then(made => {
      warnUnstable(made, this.#session.progress);
      if (made) this.#wanted = [...this.#wanted, made.layer];
      return made;
    });
    finished.then(() => resolve(), reject);
    return { laid, finished };
  }

  async #apply(
    added: readonly Layer[],
    layers: readonly LayerInputParams[],
    { arrivals, report }: { readonly arrivals: readonly Arrival[]; readonly report: Report },
  ): Promise<void> {
    const { signal } = this.#session;
    const total = sizeOf(added);
    let current = 0;
    report({ current, total });
    const onEvent = ({ diffId }: { readonly diffId: string }): void => {
      arrivals.find(arrival => arrival.diffId === diffId)?.arrived();
      current += added.find(layer => layer.diffId === diffId)?.descriptor.size ?? 0;
      report({ current, total });
    };
    try {
      await this.#asked;
      const applied = this.#host.call('applyLayers', { layers }, { signal, onEvent });
      applied.catch(() => undefined);
      await this.#opened;
      await applied;
    } catch (error) {
      throw await fetchFailure(this.#session, added, error);
    } finally {
      report({ done: true });
    }
  }

  /** Tells how unpacking goes on. The base is worth a word each time, layers of the stage itself only where they take a while. */
  #reporter(added: readonly Layer[]): Report {
    const { progress } = this.#session;
    const [first, last] = [this.#wanted.length + 1, this.#wanted.length + added.length];
    if (first > 1 && sizeOf(added) < worthTelling) return () => undefined;
    const what = first === 1 ? 'the base' : first === last ? `layer ${first}` : `layers ${first} to ${last}`;
    const { label } = this.#request;
    const shown = label === '' ? what : `${what} of ${label}`;
    return state => progress.report('unpack', shown, state);
  }
}

type Report = (state: { readonly current?: number; readonly total?: number; readonly done?: boolean }) => void;

/** Bytes of compressed layers that are unpacked in less time than a person needs to read of it. */
const worthTelling = 4 << 20;

function sizeOf(layers: readonly Layer[]): number {
  return layers.reduce((sum, layer) => sum + layer.descriptor.size, 0);
}

/** A layer whose table of contents somebody is reading. */
interface Arrival {
  readonly diffId: string;
  arrived(): void;
}

function announce(onTheWay: TocsOnTheWay, diffId: string): Arrival {
  const { promise, resolve } = withResolvers();
  onTheWay.set(diffId, promise);
  return {
    diffId,
    arrived() {
      if (onTheWay.get(diffId) === promise) onTheWay.delete(diffId);
      resolve();
    },
  };
}

/** A host only knows that bytes did not come; the fetch itself knows why. */
export async function fetchFailure(session: Session, layers: readonly Layer[], error: unknown): Promise<unknown> {
  const { code } = error as VarveError;
  // Wrong bytes may fail to inflate or to be a tar before their digest is known to be wrong.
  if (code !== 'E_BLOB_FETCH' && code !== 'E_LAYER_INVALID') return error;
  for (const { descriptor } of layers) {
    const reason = await session.blobs.failure(descriptor);
    if (reason !== undefined) return reason;
  }
  return error;
}
