import { VarveError } from '../model/error.js';
import type { Blobs } from '../store/blobs.js';
import type { HostClient } from './client.js';
import { layerInput } from './layer-input.js';
import type { BlobNote, HostMethods, HostSetup } from './protocol.js';

/**
 * A layer host that is no thread: for work so small that starting one would take longer than the work, and would cost 30 MB. It loads
 * its code when it is first asked for something.
 */
export function hostHere(setup: HostSetup, blobs: Blobs): HostClient {
  let loaded: ReturnType<typeof load> | undefined;
  const work = (): ReturnType<typeof load> => (loaded ??= load(setup));
  const note = (value: BlobNote): void => void work().then(({ around }) => around.noteBlob(value));
  return {
    async call(method, params, { signal, onEvent } = {}) {
      const { methods } = await work();
      const handler = (methods as Record<string, unknown>)[method] as (
        params: unknown,
        context: unknown,
      ) => Promise<HostMethods[typeof method]['result']>;
      if (!handler) throw new VarveError('E_INTERNAL', `${method} needs a root, which this host has not`);
      return handler(params, { signal: signal ?? new AbortController().signal, emit: onEvent ?? (() => undefined) });
    },
    note: (name, value) => (name === 'blob' ? note(value as BlobNote) : undefined),
    input: layer => layerInput(layer, blobs, note),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function load(setup: HostSetup) {
  const [{ HostSurroundings }, { layerWork }] = await Promise.all([
    import('./surroundings.js'),
    import('./layer-work.js'),
  ]);
  const around = new HostSurroundings(setup);
  return { around, methods: layerWork(around) };
}
