import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { Layer } from '../model/layer.js';
import type { Blobs } from '../store/blobs.js';
import { type Channel, childChannel, workerChannel } from './channel.js';
import { type HostPlace, type HostProcess, killHost, startHostProcess } from './host-process.js';
import { layerInput } from './layer-input.js';
import type { HostMethods, HostSetup, LayerInputParams } from './protocol.js';
import { type Caller, createCaller } from './rpc.js';

/** A host as the main process has it. */
export interface HostClient extends Caller<HostMethods>, AsyncDisposable {
  /** A layer as the host can read it: from the store, or while it is being fetched. */
  input(layer: Layer): LayerInputParams;
}

/** A host that is a process. */
export interface ChildHost extends HostClient {
  /** Lets it bring what it is at to an end, and itself: nobody waits for that, also not where this process ends first. It is told (`left`). */
  release(): void;
  /** Ends it where it stands, once it has done all that it had to do. */
  kill(): Promise<void>;
}

/** Starts a host in a thread. Errors of starting come with its first call, as `E_HOST_DIED`. */
export function startThread(setup: HostSetup, blobs: Blobs): HostClient {
  const worker = new Worker(new URL('./main.js', import.meta.url), {
    workerData: setup,
    stdin: false,
    stdout: false,
    stderr: false,
    resourceLimits: threadLimits,
  });
  let reason = 'the layer thread ended';
  worker.on('error', error => {
    reason = `the layer thread failed: ${error.message}`;
  });
  worker.unref();
  const end = (): Promise<void> => worker.terminate().then(() => undefined);
  return createClient(workerChannel(worker), blobs, () => reason, end);
}

/** Starts a host as a child process: see {@link startHostProcess}. Errors of starting come with its first call, as `E_HOST_DIED`. */
export function startChild(place: HostPlace, setup: HostSetup, blobs: Blobs): ChildHost {
  return hostOf(startHostProcess(place, setup), blobs);
}

/** The host that a process is. */
export function hostOf(process: HostProcess, blobs: Blobs): ChildHost {
  const { place, child, gone, describe } = process;
  const channel = childChannel(child, gone);
  const end = async (): Promise<void> => {
    channel.close();
    // What is swapped has to be swapped back.
    const patience = place.kind === 'container' ? 60_000 : 5_000;
    await Promise.race([gone, timeout(patience).then(() => child.kill('SIGKILL'))]);
    await gone;
  };
  const client = createClient(channel, blobs, describe, end);
  const release = (): void => {
    client.note('left', undefined);
    channel.close();
    child.unref();
    (child.stderr as Socket | null)?.unref();
  };
  // The kernel ends what is in the namespaces of the child with it; who stands between other children and this process may leave something.
  const kill = (): Promise<void> => (place.kind === 'namespaces' ? killHost(process) : end());
  return { ...client, release, kill };
}

/** As `keepHeapSmall` for a host that is a process. */
const threadLimits = { maxYoungGenerationSizeMb: 3 };

function timeout(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds).unref());
}

function createClient(channel: Channel, blobs: Blobs, describe: () => string, end: () => Promise<void>): HostClient {
  const caller = createCaller<HostMethods>(channel, describe);
  return {
    ...caller,
    input: layer => layerInput(layer, blobs, note => caller.note('blob', note)),
    [Symbol.asyncDispose]: end,
  };
}
