import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { InPlaceSetup } from '../inplace/places.js';
import type { Layer } from '../model/layer.js';
import type { Blobs } from '../store/blobs.js';
import type { IdMaps } from '../sys/id-map.js';
import { killGroup } from '../sys/kill-group.js';
import { isInUserNamespace } from '../sys/own-privileges.js';
import { type MappedChild, spawnInUserNamespace } from '../sys/user-namespace.js';
import { type Channel, childChannel, workerChannel } from './channel.js';
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

/** How a host is started. Where it runs decides what it may do; it is the same program. */
export type HostPlace =
  /** A child with mount and process namespaces of its own: mounts and steps end with it, whatever happens. */
  | { readonly kind: 'namespaces' }
  /** A child that shares all namespaces with this process, for steps in the container's own root. */
  | { readonly kind: 'container'; readonly inPlace: InPlaceSetup }
  /** The same below a user namespace of its own, as whose root it may do all that. */
  | { readonly kind: 'user-namespace'; readonly maps: IdMaps };

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

/** What a root host has of its own, as words of `unshare`. */
export const ownNamespaces = ['--mount', '--pid', '--ipc', '--fork', '--kill-child', '--propagation', 'private'];

/**
 * Starts a host as a child process. `unshare` gives the child its namespaces; the child is process 1 of its own, so that the kernel ends
 * everything in it when it ends. It ends by itself when this process is gone and the channel with it. Errors of starting come with its first
 * call, as `E_HOST_DIED`.
 */
export function startChild(place: HostPlace, given: HostSetup, blobs: Blobs): ChildHost {
  const setup = setupIn(place, given);
  const { child, failure } = spawnHost(place, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    // One heap for all threads: each further one holds on to megabytes of buffers that passed through it.
    env: { PATH: process.env.PATH ?? '', VARVE_HOST_SETUP: JSON.stringify(setup), MALLOC_ARENA_MAX: '1' },
    // A Ctrl-C of the terminal is for the main process alone, which then ends its hosts in good order.
    detached: true,
  });
  const trouble = collectTail(child);
  let ended: string | undefined;
  child.once('error', error => {
    ended = error.message;
  });
  const gone = new Promise<void>(resolve => {
    child.once('exit', (code, signal) => {
      ended ??= signal ? `killed by ${signal}` : `exit code ${code}`;
      resolve();
    });
    child.once('error', () => resolve());
  });
  const channel = childChannel(child);
  const describe = (): string => {
    const why = failure() ?? trouble();
    return `the root host ended (${ended ?? 'unknown'})${why ? `: ${why}` : ''}`;
  };
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
  const kill = async (): Promise<void> => {
    // The kernel ends what is in the namespaces of the child with it; who stands between other children and this process may leave something.
    if (place.kind !== 'namespaces' || child.pid === undefined) return end();
    // With its descendants, which may not have got ready to end with it.
    killGroup(child.pid);
    await gone;
  };
  return { ...client, release, kill };
}

function setupIn(place: HostPlace, given: HostSetup): HostSetup {
  if (place.kind === 'user-namespace') return { ...given, userNamespace: true };
  return place.kind === 'container' ? { ...given, inPlace: place.inPlace } : given;
}

function spawnHost(
  place: HostPlace,
  options: SpawnOptions & { readonly stdio: readonly ('ignore' | 'pipe' | 'ipc')[] },
): MappedChild {
  const program = [process.execPath, new URL('./main.js', import.meta.url).pathname];
  const careful = ['sh', '-c', withProc, 'sh', 'unshare', ...ownNamespaces, '--', ...program];
  if (place.kind === 'user-namespace') return spawnInUserNamespace(place.maps, careful, options);
  const plain = ['unshare', ...ownNamespaces, '--mount-proc', ...program];
  const inNamespaces = isInUserNamespace() ? careful : plain;
  const [name = '', ...args] = place.kind === 'container' ? program : inNamespaces;
  return { child: spawn(name, args, { ...options, stdio: [...options.stdio] }), failure: () => undefined };
}

/** In a pod parts of /proc are masked, and no fresh one may be mounted: the pod's own stays then. */
const withProc = `"$1" --mount --pid --fork --mount-proc "$1" --version >/dev/null 2>&1 && proc=--mount-proc; unshare=$1; shift; exec "$unshare" $proc "$@"`;

/** As `keepHeapSmall` for a host that is a process. */
const threadLimits = { maxYoungGenerationSizeMb: 3 };

function collectTail(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-2_000);
  });
  return () => tail.trim();
}

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
