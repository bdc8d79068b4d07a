import { doctorReport, type JudgedRoots, judgeRoots } from './choose/doctor.js';
import { createHost } from './choose/host.js';
import type { NamedPair } from './choose/pair.js';
import { startChild } from './host/client.js';
import { inPlaceHome, ownFolders } from './host/in-place.js';
import { climbLadder } from './host/ladder.js';
import type { HostSetup } from './host/protocol.js';
import { rootPlace } from './host/root-place.js';
import type { DoctorReport } from './model/doctor.js';
import type { BundledPlugin, PluginSpec, ProviderChoice } from './model/options.js';
import { type AnyProvider, contractVersion, type Plugin } from './plugin/plugin.js';
import { Providers } from './providers/providers.js';
import { builtIn } from './session/built-in.js';
import { pluginSources } from './session/plugin-sources.js';
import { Blobs } from './store/blobs.js';
import { openScratch } from './store/scratch.js';
import { openStore } from './store/store.js';

export interface DoctorOptions {
  readonly store: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly plugins?: readonly PluginSpec[];
  readonly bundled?: readonly BundledPlugin[];
  readonly snapshotter?: ProviderChoice;
  readonly executor?: ProviderChoice;
}

/** What this machine allows, which pair a build would choose and why not the others. Everything is tried; nothing is left behind. */
export async function doctor(options: DoctorOptions): Promise<DoctorReport> {
  const store = openStore(options.store);
  await using scratch = openScratch(store);
  const settings = { env: options.env, scratchDir: scratch.dir };
  const sources = pluginSources(options.plugins ?? [], options.bundled ?? [], options.cwd);
  const providers = new Providers(builtIn(settings), sources);
  const byPlugin = new Map<string, AnyProvider[]>();
  for (const { plugin, provider } of await providers.list())
    byPlugin.set(plugin, [...(byPlugin.get(plugin) ?? []), provider]);
  const plugins: Plugin[] = [...byPlugin].map(([name, provides]) => ({
    name,
    version: '',
    contract: contractVersion,
    provides,
  }));
  const named = {
    ...(options.snapshotter ? { snapshotter: options.snapshotter.id } : {}),
    ...(options.executor ? { executor: options.executor.id } : {}),
  };
  const host = createHost(settings);
  const asked = options.executor?.id === 'inplace';
  const ladder = await climbLadder(options.env, asked);
  const roots = [2, 4].includes(ladder.find(({ chosen }) => chosen)?.rung ?? 0)
    ? await judgeInHost({ storeDir: store.dir, plugins: sources }, new Blobs(store, new AbortController().signal), {
        named,
        options,
      })
    : await judgeRoots([...byPlugin.values()].flat(), host, named);
  return await doctorReport({ plugins, host, store: options.store, ladder, roots });
}

/** Where steps would run, since what works there does not work here. */
async function judgeInHost(
  setup: HostSetup,
  blobs: Blobs,
  { named, options }: { readonly named: NamedPair; readonly options: DoctorOptions },
): Promise<JudgedRoots> {
  const { env, executor } = options;
  const inPlace = () => ({ home: inPlaceHome(), kept: ownFolders(), hidden: [] });
  const place = rootPlace({ env, executor: executor?.id, allow: ['inplace'], inPlace });
  await using host = startChild(place, setup, blobs);
  return await host.call('judgeRoots', place.kind === 'container' ? { executor: 'inplace', ...named } : named);
}
