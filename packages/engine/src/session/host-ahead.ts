import { type HostPlace, type HostProcess, killHost, startHostProcess } from '../host/host-process.js';
import type { HostSetup } from '../host/protocol.js';
import type { BuildOptions } from '../model/options.js';
import { orNone } from '../model/or-none.js';
import { canMount } from '../sys/own-privileges.js';
import { startsAtOnce } from './first-sight.js';
import { pluginSources } from './plugin-sources.js';

/** The process of a root host that was started ahead of the build that will want it. Disposing of it ends it, unless a build has taken it. */
export class HostAhead implements AsyncDisposable {
  readonly #setup: string;
  #process: HostProcess | undefined;

  constructor(process: HostProcess, setup: HostSetup) {
    this.#process = process;
    this.#setup = JSON.stringify(setup);
  }

  /** It is the caller's from now on. Undefined where another one is wanted, or it was taken before. */
  take(place: HostPlace, setup: HostSetup): HostProcess | undefined {
    const process = this.#process;
    if (process?.place.kind !== place.kind || this.#setup !== JSON.stringify(setup)) return undefined;
    this.#process = undefined;
    return process;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process) await killHost(this.#process);
    this.#process = undefined;
  }
}

/**
 * Starts the process of the root host that a build will most likely want, for a front end that has still to load the engine, which takes as long as the
 * process does to get half ready. Undefined where a cache will be asked first, where nothing will be run, and where it cannot be known before the build
 * whether and how one can be started: in a user namespace, and in the container's own root.
 */
export function startAhead(options: BuildOptions): HostAhead | undefined {
  // Whether the store is new is not known yet, nor is it looked at.
  if (!startsAtOnce(options, { isNew: false }) || !canMount()) return undefined;
  // What fails here fails in the build, which tells of it.
  return orNone(() => {
    const setup = hostSetup(options);
    return new HostAhead(startHostProcess({ kind: 'namespaces' }, setup), setup);
  });
}

/** What the hosts of a build are started with. Errors: `E_PLUGIN_LOAD`. */
export function hostSetup({ store, plugins = [], bundled = [], cwd }: BuildOptions): HostSetup {
  return { storeDir: store, plugins: pluginSources(plugins, bundled, cwd) };
}
