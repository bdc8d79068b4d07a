import { availableParallelism } from 'node:os';
import type { RegistryClient } from '@varve/oci';
import { createHost } from '../choose/host.js';
import { type HostClient, startChild, startThread } from '../host/client.js';
import { hostHere } from '../host/here.js';
import { mayBeInPlace } from '../host/root-place.js';
import { smallWork } from '../host/small-work.js';
import type { BuildOptions, PluginSources } from '../model/options.js';
import type { Host, Tools } from '../plugin/plugin.js';
import { Hooks } from '../providers/hooks.js';
import { Providers } from '../providers/providers.js';
import { Blobs } from '../store/blobs.js';
import { openScratch, type Scratch } from '../store/scratch.js';
import { openStore, type Store } from '../store/store.js';
import { type KeptTrees, openTocs, openTrees, type Tocs } from '../store/tocs.js';
import { builtIn } from './built-in.js';
import { sourceDateEpoch } from './epoch.js';
import { startsAtOnce } from './first-sight.js';
import { hostSetup } from './host-ahead.js';
import { type Progress, startProgress } from './progress.js';
import { RootHosts } from './root-hosts.js';
import { RootPlaces } from './root-places.js';
import type { RunControl } from './run-control.js';

/** What a build works with: opened once, closed with it. */
export interface Session extends AsyncDisposable {
  readonly options: BuildOptions;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly tocs: Tocs;
  readonly trees: KeptTrees;
  readonly scratch: Scratch;
  readonly plugins: PluginSources;
  readonly providers: Providers;
  readonly hooks: Hooks;
  readonly epoch: Date | undefined;
  /** How many stages run at a time. In the container's own root it is one: nobody else may look at files while that is a stage's. */
  jobs(): number;
  readonly roots: RootPlaces;
  /** What the linter said of one platform, that it is not said of the next. */
  readonly told: Set<string>;
  /** The registry client, made when it is first needed. */
  registry(): Promise<RegistryClient>;
  /**
   * Who works on layers: this thread for a little (`bytes` to be read or written), a thread of its own for more, started when it is first
   * needed and then used for everything.
   */
  layerHost(bytes: number): HostClient;
  readonly rootHosts: RootHosts;
  /** Who can give files to anybody: whoever works on layers where that is root, else a host in a user namespace. */
  owningHost(): HostClient;
  /** What a provider is lent. */
  tools(provider: string): Tools;
}

/** Opens everything that a build needs. Errors: those of the store and of plugins. */
export async function openSession(options: BuildOptions, run: RunControl): Promise<Session> {
  const signal = run.signal ?? new AbortController().signal;
  const progress = startProgress(run.onEvent);
  const epoch = sourceDateEpoch(options);
  const store = openStore(options.store);
  const setup = hostSetup(options);
  const { plugins } = setup;
  const blobs = new Blobs(store, signal);
  const roots = new RootPlaces(options, progress, store, () => scratch);
  const rootHosts = new RootHosts({ options, signal, progress, setup, blobs, roots, ahead: run.ahead });
  // Who has started one ahead has looked already.
  if (run.ahead !== undefined || startsAtOnce(options, store)) rootHosts.start();
  const { scratch, host, providers, hooks } = await openFiles(options.env, store, plugins).catch(async error => {
    await rootHosts[Symbol.asyncDispose]();
    throw error;
  });
  let registry: Promise<RegistryClient> | undefined;
  let layerHere: HostClient | undefined;
  let layerThread: HostClient | undefined;
  let owning: HostClient | undefined;
  const layerHost = (bytes: number): HostClient => {
    if (layerThread) return layerThread;
    if (bytes <= smallWork) {
      layerHere ??= hostHere(setup, blobs);
      return layerHere;
    }
    layerThread = startThread(setup, blobs);
    return layerThread;
  };
  return {
    options,
    signal,
    progress,
    store,
    blobs,
    tocs: openTocs(store),
    trees: openTrees(store),
    scratch,
    plugins,
    providers,
    hooks,
    epoch,
    jobs: () => (mayBeInPlace(options.executor?.id) ? 1 : (options.jobs ?? availableParallelism())),
    roots,
    told: new Set(),
    registry: () => (registry ??= openRegistry(options, progress)),
    layerHost,
    rootHosts,
    owningHost() {
      if (process.geteuid?.() === 0) return layerHost(Number.POSITIVE_INFINITY);
      owning ??= startChild(roots.place(), setup, blobs);
      return owning;
    },
    tools: provider => ({
      get stateDir() {
        return store.stateDir(provider);
      },
      host,
      env: options.env,
      registry: () => (registry ??= openRegistry(options, progress)),
      warn: progress.warn,
    }),
    async [Symbol.asyncDispose]() {
      await layerThread?.[Symbol.asyncDispose]();
      await owning?.[Symbol.asyncDispose]();
      if (await rootHosts.release()) roots.leave();
      await rootHosts[Symbol.asyncDispose]();
      await blobs[Symbol.asyncDispose]();
      // Whoever needed the client has its error; here it would only hide that one.
      const client = await registry?.catch(() => undefined);
      const removed = roots[Symbol.asyncDispose]().then(() => scratch[Symbol.asyncDispose]());
      await Promise.all([client?.close(), removed]);
    },
  };
}

interface OpenedFiles {
  readonly scratch: Scratch;
  readonly host: Host;
  readonly providers: Providers;
  readonly hooks: Hooks;
}

/** The folder of the session, and what looks for plugins. A plugin that cannot be loaded ends the session before it is there to be closed. */
async function openFiles(env: BuildOptions['env'], store: Store, plugins: PluginSources): Promise<OpenedFiles> {
  const scratch = openScratch(store);
  try {
    const settings = { env, scratchDir: scratch.dir };
    const providers = new Providers(builtIn(settings), plugins);
    return { scratch, host: createHost(settings), providers, hooks: new Hooks(await providers.named()) };
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}

async function openRegistry(options: BuildOptions, { warn }: Progress): Promise<RegistryClient> {
  const { createRegistryClient, loadCredentials } = await import('@varve/oci');
  return createRegistryClient({
    credentials: await loadCredentials(options.env),
    ...options.registries,
    env: options.env,
    onMirrorFailure: ({ registry, mirror, error }) =>
      warn('W_MIRROR_FAILED', `the mirror ${mirror} of ${registry} is passed over: ${error.message}`),
  });
}
