import { choosePair } from '../choose/pair.js';
import { startHost } from '../host/client.js';
import type { LayerOptions } from '../host/protocol.js';
import { VarveError } from '../model/error.js';
import type { Layer } from '../model/layer.js';
import type { ProviderChoice } from '../model/options.js';
import type { AnyProvider } from '../plugin/plugin.js';
import type { StageRootHandle } from '../run/tools.js';
import type { Session } from './session.js';
import { stepSettings } from './step-settings.js';

/** The pair that runs this build's steps. */
export interface RootPair {
  readonly snapshotter: ProviderChoice;
  readonly executor: ProviderChoice;
}

/** Chooses how roots are made and steps run, once a build and only where something has to run. */
export async function chooseRootPair(session: Session): Promise<RootPair> {
  const { options, providers, host, progress } = session;
  const { snapshotter, executor } = options;
  const candidates: readonly AnyProvider[] = [
    ...(snapshotter ? [await providers.get('snapshotter', snapshotter)] : await providers.all('snapshotter')),
    ...(executor ? [await providers.get('executor', executor)] : await providers.all('executor')),
  ];
  const pair = await choosePair(candidates, host, {
    ...(snapshotter ? { snapshotter: snapshotter.id } : {}),
    ...(executor ? { executor: executor.id } : {}),
  });
  const chosen = (slot: string, id: string, named: boolean): void =>
    progress.emit({ type: 'providerChosen', time: progress.elapsed(), slot, id, named });
  chosen('snapshotter', pair.snapshotter.id, snapshotter !== undefined);
  chosen('executor', pair.executor.id, executor !== undefined);
  for (const note of pair.notes) progress.warn('W_EXECUTOR_LACKS', note);
  return {
    snapshotter: snapshotter ?? { id: pair.snapshotter.id, options: {} },
    executor: executor ?? { id: pair.executor.id, options: {} },
  };
}

/** Tells that a layer's table of contents is being read: whoever needs it waits instead of reading the layer a second time. */
export type TocsOnTheWay = Map<string, Promise<void>>;

export interface RootRequest {
  readonly pair: RootPair;
  readonly layerOptions: LayerOptions;
  readonly onTheWay: TocsOnTheWay;
  /** Name of the stage, for people; `''` where there is only one. */
  readonly label: string;
}

/** Starts a root host and opens an empty root in it. */
export async function openRoot(session: Session, request: RootRequest): Promise<StageRootHandle> {
  const { pair, layerOptions, onTheWay, label } = request;
  const { blobs, plugins, scratch, store, progress, signal } = session;
  const host = startHost({ kind: 'namespaces' }, { storeDir: store.dir, plugins }, blobs);
  const settings = stepSettings(session.options);
  try {
    await host.call('openRoot', { dir: scratch.folder('root'), ...pair }, { signal });
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
  let held: readonly Layer[] = [];
  let syncing: Promise<void> = Promise.resolve();
  const what = label === '' ? 'the base' : `the base of ${label}`;
  const apply = async (layers: readonly Layer[]): Promise<void> => {
    const added = layers.slice(held.length);
    if (held.some((layer, index) => layer.diffId !== layers[index]?.diffId))
      throw new VarveError('E_INTERNAL', 'a root cannot go back to other layers');
    if (added.length === 0) return;
    const arrivals = added.map(layer => announce(onTheWay, layer.diffId));
    const total = added.reduce((sum, layer) => sum + layer.descriptor.size, 0);
    progress.report('unpack', what, { current: 0, total });
    try {
      let current = 0;
      const inputs = added.map(layer => host.input(layer));
      await host.call(
        'applyLayers',
        { layers: inputs },
        {
          signal,
          onEvent: ({ diffId }) => {
            arrivals.find(arrival => arrival.diffId === diffId)?.arrived();
            current += added.find(layer => layer.diffId === diffId)?.descriptor.size ?? 0;
            progress.report('unpack', what, { current, total });
          },
        },
      );
      held = layers;
    } catch (error) {
      throw await fetchFailure(session, added, error);
    } finally {
      for (const arrival of arrivals) arrival.arrived();
      progress.report('unpack', what, { done: true });
    }
  };
  return {
    sync(layers) {
      syncing = syncing.catch(() => undefined).then(() => apply(layers));
      return syncing;
    },
    run: (command, onOutput, stepSignal) =>
      host.call(
        'run',
        { command, settings },
        { signal: stepSignal, onEvent: ({ stream, chunk }) => onOutput(stream, chunk) },
      ),
    async capture(stepSignal) {
      const made = await host.call('capture', layerOptions, { signal: stepSignal });
      if (made) held = [...held, made.layer];
      return made;
    },
    async [Symbol.asyncDispose]() {
      await host.call('closeRoot', undefined).catch(() => undefined);
      await host[Symbol.asyncDispose]();
    },
  };
}

function announce(onTheWay: TocsOnTheWay, diffId: string): { readonly diffId: string; arrived(): void } {
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

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>(settle => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** A host only knows that bytes did not come; the fetch itself knows why. */
export async function fetchFailure(session: Session, layers: readonly Layer[], error: unknown): Promise<unknown> {
  if ((error as VarveError).code !== 'E_BLOB_FETCH') return error;
  for (const { descriptor } of layers) {
    try {
      if (!session.blobs.file(descriptor)) await session.blobs.fetch(descriptor).done;
    } catch (reason) {
      return reason;
    }
  }
  return error;
}
