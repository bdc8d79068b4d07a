import { type HostClient, startHost } from '../host/client.js';
import type { RootPair } from '../host/protocol.js';
import type { RootPlace } from '../host/root-place.js';
import { codeOf, VarveError } from '../model/error.js';
import type { BuildOptions, PluginSources } from '../model/options.js';
import type { Blobs } from '../store/blobs.js';
import type { Store } from '../store/store.js';
import { canMount } from '../sys/own-privileges.js';
import type { Progress } from './progress.js';

/** What root hosts are started with. */
export interface RootHostsInput {
  readonly options: BuildOptions;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly store: Store;
  readonly plugins: PluginSources;
  readonly blobs: Blobs;
  /** Where they are. Errors: `E_NO_PROVIDER` and others. */
  place(): RootPlace;
}

interface Ending {
  readonly host: HostClient;
  /** Whether its root was closed and waits to be removed. */
  readonly closed: Promise<boolean>;
  readonly gone: Promise<void>;
}

/** The root hosts of a build, and the pair that makes roots and runs steps in all of them: chosen, and tried, in the first one. */
export class RootHosts implements AsyncDisposable {
  readonly #input: RootHostsInput;
  #spare: HostClient | undefined;
  #pair: Promise<RootPair> | undefined;
  readonly #ending = new Set<Ending>();

  constructor(input: RootHostsInput) {
    this.#input = input;
  }

  /** Starts the first one ahead of the stage that will want it. Whoever takes it meets the errors. */
  prepare(): void {
    try {
      this.#spare ??= this.#start();
    } catch {
      return;
    }
    this.pair(this.#spare).catch(() => undefined);
  }

  /** A host for a root, which the caller ends. Errors: `E_NO_PROVIDER`; others come with its first call. */
  take(): HostClient {
    const host = this.#spare ?? this.#start();
    this.#spare = undefined;
    return host;
  }

  /** The pair, chosen by this host if it is the first one that asks. Errors: `E_NO_PROVIDER`, `E_PROVIDER_UNUSABLE`. */
  pair(host: HostClient): Promise<RootPair> {
    this.#pair ??= this.#choose(host);
    return this.#pair;
  }

  /** Closes the root of a host, removes its files and ends it, while the build goes on. */
  end(host: HostClient): void {
    const closed = host.call('closeRoot', undefined).then(
      () => true,
      () => false,
    );
    const ending: Ending = {
      host,
      closed,
      gone: closed
        .then(() => host.call('removeRoot', undefined))
        .catch(() => undefined)
        .then(() => host[Symbol.asyncDispose]())
        .finally(() => this.#ending.delete(ending)),
    };
    this.#ending.add(ending);
  }

  /**
   * Lets those go that have nothing to do any more but to remove files that are nobody's, and says whether there are any: they outlive the
   * build. Only in the container's own root: it was unpacked there for this build alone, and to remove it takes as long as much of the build did.
   */
  async release(): Promise<boolean> {
    if (this.#ending.size === 0 || this.#input.place().kind !== 'container') return false;
    let isAny = false;
    for (const ending of [...this.#ending]) {
      if (!(await ending.closed) || !this.#ending.delete(ending)) continue;
      ending.host.release();
      isAny = true;
    }
    return isAny;
  }

  /** Ends all of them that were not let go, and waits until they are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spare?.[Symbol.asyncDispose]();
    await Promise.all([...this.#ending].map(({ gone }) => gone));
  }

  #start(): HostClient {
    const { place, store, plugins, blobs } = this.#input;
    return startHost(place(), { storeDir: store.dir, plugins }, blobs);
  }

  async #choose(host: HostClient): Promise<RootPair> {
    const { options, progress, signal } = this.#input;
    const { snapshotter, executor } = options;
    const inPlace = this.#input.place().kind === 'container' ? { id: 'inplace', options: {} } : undefined;
    const steps = executor ?? inPlace;
    const named = { ...(snapshotter ? { snapshotter } : {}), ...(steps ? { executor: steps } : {}) };
    const pair = await host.call('choosePair', named, { signal }).catch(error => explain(error, options.env));
    const chosen = (slot: string, id: string, isNamed: boolean): void =>
      progress.emit({ type: 'providerChosen', time: progress.elapsed(), slot, id, named: isNamed });
    chosen('snapshotter', pair.snapshotter.id, snapshotter !== undefined);
    chosen('executor', pair.executor.id, executor !== undefined);
    for (const note of pair.notes) progress.warn('W_EXECUTOR_LACKS', note);
    return pair;
  }
}

/** Where no root host can be started, what is missing says more than how it ended. */
async function explain(error: unknown, env: BuildOptions['env']): Promise<never> {
  if (codeOf(error) !== 'E_HOST_DIED' || canMount()) throw error;
  const { inUserNamespace } = await import('../host/ladder.js');
  const verdict = await inUserNamespace(env);
  if (verdict.usable) throw error;
  const { reason, hint } = verdict;
  throw new VarveError('E_NO_PROVIDER', `nothing can run steps here: ${reason}`, {
    ...(hint === undefined ? {} : { hint: `${hint}; varve doctor tells more` }),
    cause: error,
  });
}
