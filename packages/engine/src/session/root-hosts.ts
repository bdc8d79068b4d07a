import { type ChildHost, hostOf } from '../host/client.js';
import { startHostProcess } from '../host/host-process.js';
import type { HostSetup, RootPair } from '../host/protocol.js';
import { codeOf, VarveError } from '../model/error.js';
import type { BuildOptions } from '../model/options.js';
import { orNone } from '../model/or-none.js';
import type { Blobs } from '../store/blobs.js';
import { canMount } from '../sys/own-privileges.js';
import type { HostAhead } from './host-ahead.js';
import type { Progress } from './progress.js';
import type { RootPlaces } from './root-places.js';

/** What root hosts are started with. */
export interface RootHostsInput {
  readonly options: BuildOptions;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly setup: HostSetup;
  readonly blobs: Blobs;
  /** Where they are. */
  readonly roots: RootPlaces;
  /** The first one, where it was started before. */
  readonly ahead: HostAhead | undefined;
}

/** A host that opens its root. Errors of `opened`: `E_NO_PROVIDER`, `E_PROVIDER_UNUSABLE`, those of the snapshotter and the executor. */
export interface RootHost {
  readonly client: ChildHost;
  /** It does what it is asked for from now on once the root is open. */
  readonly asked: Promise<void>;
  readonly opened: Promise<void>;
}

interface Ending {
  readonly host: ChildHost;
  /** Whether its root was closed. */
  readonly closed: Promise<boolean>;
  /** Whether files of it are still there. */
  isRemoving: boolean;
  readonly gone: Promise<void>;
}

/** The root hosts of a build, and the pair that makes roots and runs steps in all of them: chosen, and tried, in the first one. */
export class RootHosts implements AsyncDisposable {
  readonly #input: RootHostsInput;
  /** A process that was started, and is not asked for anything yet. */
  #started: ChildHost | undefined;
  #spare: RootHost | undefined;
  #pair: Promise<RootPair> | undefined;
  readonly #ending = new Set<Ending>();

  constructor(input: RootHostsInput) {
    this.#input = input;
  }

  /** Starts the process of the first one, before it is known whether a stage will want it. */
  start(): void {
    this.#started ??= orNone(() => this.#startProcess());
  }

  /** Opens the first one ahead of the stage that will want it. Whoever takes it meets the errors. */
  prepare(): void {
    this.#spare ??= orNone(() => this.#open());
  }

  /** A host whose root is being opened, which the caller ends. Errors: `E_NO_PROVIDER`; others come with `opened`. */
  take(): RootHost {
    const host = this.#spare ?? this.#open();
    this.#spare = undefined;
    return host;
  }

  /** Closes the root of a host, removes its files and ends it, while the build goes on. */
  end(host: ChildHost): void {
    const closed = succeeds(host.call('closeRoot', undefined));
    const removed = succeeds(host.call('removeRoot', undefined));
    const ending: Ending = {
      host,
      closed,
      isRemoving: true,
      gone: removed
        .then(isRemoved => {
          ending.isRemoving = false;
          return isRemoved ? host.kill() : host[Symbol.asyncDispose]();
        })
        .finally(() => this.#ending.delete(ending)),
    };
    this.#ending.add(ending);
  }

  /**
   * Lets those go that have nothing to do any more but to remove files that are nobody's, and says whether there are any: they outlive the
   * build. Only in the container's own root: it was unpacked there for this build alone, and to remove it takes as long as much of the build did.
   */
  async release(): Promise<boolean> {
    if (this.#ending.size === 0 || this.#input.roots.place().kind !== 'container') return false;
    let isAny = false;
    for (const ending of [...this.#ending]) {
      if (!(await ending.closed) || !ending.isRemoving || !this.#ending.delete(ending)) continue;
      ending.host.release();
      isAny = true;
    }
    return isAny;
  }

  /** Ends all of them that were not let go, and waits until they are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started?.kill();
    await this.#spare?.client[Symbol.asyncDispose]();
    await Promise.all([...this.#ending].map(({ gone }) => gone));
  }

  #startProcess(): ChildHost {
    const { roots, setup, blobs, ahead } = this.#input;
    const place = roots.place();
    return hostOf(ahead?.take(place, setup) ?? startHostProcess(place, setup), blobs);
  }

  #open(): RootHost {
    const client = this.#started ?? this.#startProcess();
    this.#started = undefined;
    const asking = this.#ask(client);
    const asked = asking.then(() => undefined);
    // Who chooses can say why there is no pair.
    const opened = asking.then(({ answer }) => this.#pair?.then(() => answer));
    // Whoever asks the host for something meets the error.
    for (const promise of [asked, opened]) promise.catch(() => undefined);
    return { client, asked, opened };
  }

  /** Asks a host to open its root. */
  async #ask(client: ChildHost): Promise<{ readonly answer: Promise<undefined> }> {
    const { roots, signal } = this.#input;
    const dir = roots.folder();
    const others = this.#pair;
    this.#pair ??= this.#choose(client);
    // The one that chooses need not be told: it goes on while this process has other things to do.
    const pair = await others;
    const answer = client.call('openRoot', { dir, ...(pair && { pair }) }, { signal });
    answer.catch(() => undefined);
    return { answer };
  }

  async #choose(host: ChildHost): Promise<RootPair> {
    const { options, progress, signal } = this.#input;
    const { snapshotter, executor } = options;
    const inPlace = this.#input.roots.place().kind === 'container' ? { id: 'inplace', options: {} } : undefined;
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

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
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
