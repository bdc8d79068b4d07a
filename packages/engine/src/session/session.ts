import { availableParallelism } from 'node:os';
import type { RegistryClient } from '@varve/oci';
import { createHost } from '../choose/host.js';
import { type HostClient, startHost } from '../host/client.js';
import type { BuildOptions, PluginSources } from '../model/options.js';
import type { Host, Tools } from '../plugin/plugin.js';
import { Hooks } from '../providers/hooks.js';
import { Providers } from '../providers/providers.js';
import { Blobs } from '../store/blobs.js';
import { openScratch, type Scratch } from '../store/scratch.js';
import { openStore, type Store } from '../store/store.js';
import { openTocs, type Tocs } from '../store/tocs.js';
import { builtIn } from './built-in.js';
import { sourceDateEpoch } from './epoch.js';
import { pluginSources } from './plugin-sources.js';
import { type Progress, startProgress } from './progress.js';
import type { RunControl } from './run-control.js';

/** What a build works with: opened once, closed with it. */
export interface Session extends AsyncDisposable {
  readonly options: BuildOptions;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly tocs: Tocs;
  readonly scratch: Scratch;
  readonly plugins: PluginSources;
  readonly providers: Providers;
  readonly hooks: Hooks;
  readonly host: Host;
  readonly epoch: Date | undefined;
  readonly jobs: number;
  /** The registry client, made when it is first needed. */
  registry(): Promise<RegistryClient>;
  /** The thread that works on layers, started when it is first needed. */
  layerHost(): HostClient;
  /** What a provider is lent. */
  tools(provider: string): Tools;
}

/** Opens everything that a build needs. Errors: those of the store and of plugins. */
export async function openSession(options: BuildOptions, run: RunControl): Promise<Session> {
  const signal = run.signal ?? new AbortController().signal;
  const progress = startProgress(run.onEvent);
  const epoch = sourceDateEpoch(options.env);
  const store = openStore(options.store);
  const plugins = pluginSources(options.plugins ?? [], options.bundled ?? [], options.cwd);
  const scratch = openScratch(store);
  const settings = { env: options.env, scratchDir: scratch.dir };
  const providers = new Providers(builtIn(settings), plugins);
  const blobs = new Blobs(store, signal);
  const host = createHost(settings);
  const hooks = await loadHooks(providers, scratch);
  let registry: Promise<RegistryClient> | undefined;
  let layerHost: HostClient | undefined;
  return {
    options,
    signal,
    progress,
    store,
    blobs,
    tocs: openTocs(store),
    scratch,
    plugins,
    providers,
    hooks,
    host,
    epoch,
    jobs: options.jobs ?? availableParallelism(),
    registry: () => (registry ??= openRegistry(options)),
    layerHost: () => (layerHost ??= startHost({ kind: 'thread' }, { storeDir: store.dir, plugins }, blobs)),
    tools: provider => ({
      get stateDir() {
        return store.stateDir(provider);
      },
      host,
      env: options.env,
      registry: () => (registry ??= openRegistry(options)),
      warn: progress.warn,
    }),
    async [Symbol.asyncDispose]() {
      await layerHost?.[Symbol.asyncDispose]();
      // Whoever needed the client has its error; here it would only hide that one.
      const client = await registry?.catch(() => undefined);
      await client?.close();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

/** A plugin that cannot be loaded ends the session before it is there to be closed. */
async function loadHooks(providers: Providers, scratch: Scratch): Promise<Hooks> {
  try {
    return new Hooks(await providers.named());
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}

async function openRegistry(options: BuildOptions): Promise<RegistryClient> {
  const { createRegistryClient, loadCredentials } = await import('@varve/oci');
  return createRegistryClient({
    credentials: await loadCredentials(options.env),
    insecure: options.insecureRegistries ?? [],
    env: options.env,
  });
}
