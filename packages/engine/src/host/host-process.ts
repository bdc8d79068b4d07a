import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { InPlaceSetup } from '../inplace/places.js';
import type { IdMaps } from '../sys/id-map.js';
import { killGroup } from '../sys/kill-group.js';
import { isInUserNamespace } from '../sys/own-privileges.js';
import { type MappedChild, spawnInUserNamespace } from '../sys/user-namespace.js';
import type { HostSetup } from './protocol.js';

/** How a host is started. Where it runs decides what it may do; it is the same program. */
export type HostPlace =
  /** A child with mount and process namespaces of its own: mounts and steps end with it, whatever happens. */
  | { readonly kind: 'namespaces' }
  /** A child that shares all namespaces with this process, for steps in the container's own root. */
  | { readonly kind: 'container'; readonly inPlace: InPlaceSetup }
  /** The same below a user namespace of its own, as whose root it may do all that. */
  | { readonly kind: 'user-namespace'; readonly maps: IdMaps };

/** A process that is a host, whether or not anybody has asked it for something yet. */
export interface HostProcess {
  readonly place: HostPlace;
  readonly child: ChildProcess;
  /** Once it has ended, or could not be started. */
  readonly gone: Promise<void>;
  /** How it ended, for people. */
  describe(): string;
}

/** Ends a host in namespaces of its own where it stands, with its descendants, which may not have got ready to end with it. */
export async function killHost({ child, gone }: HostProcess): Promise<void> {
  if (child.pid !== undefined) killGroup(child.pid);
  await gone;
}

/** What a root host has of its own, as words of `unshare`. */
export const ownNamespaces = ['--mount', '--pid', '--ipc', '--fork', '--kill-child', '--propagation', 'private'];

/**
 * Starts a host as a child process. `unshare` gives the child its namespaces; the child is process 1 of its own, so that the kernel ends
 * everything in it when it ends. It ends by itself when this process is gone and the channel with it. What goes wrong is told by `describe`.
 */
export function startHostProcess(place: HostPlace, given: HostSetup): HostProcess {
  const { child, failure } = spawnHost(place, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    // One heap for all threads: each further one holds on to megabytes of buffers that passed through it.
    env: {
      PATH: process.env.PATH ?? '',
      VARVE_HOST_SETUP: JSON.stringify(setupIn(place, given)),
      MALLOC_ARENA_MAX: '1',
    },
    // A Ctrl-C of the terminal is for the main process alone, which then ends its hosts in good order.
    detached: true,
  });
  const trouble = collectTail(child);
  let ended: string | undefined;
  const gone = new Promise<void>(resolve => {
    child.once('error', error => {
      ended = error.message;
      resolve();
    });
    child.once('exit', (code, signal) => {
      ended ??= signal ? `killed by ${signal}` : `exit code ${code}`;
      resolve();
    });
  });
  const describe = (): string => {
    const why = failure() ?? trouble();
    return `the root host ended (${ended ?? 'unknown'})${why ? `: ${why}` : ''}`;
  };
  return { place, child, gone, describe };
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

function collectTail(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-2_000);
  });
  return () => tail.trim();
}
