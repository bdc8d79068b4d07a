import { doctorReport } from './choose/doctor.js';
import { createHost } from './choose/host.js';
import type { DoctorReport } from './model/doctor.js';
import type { BundledPlugin, PluginSpec, ProviderChoice } from './model/options.js';
import { type AnyProvider, contractVersion, type Plugin } from './plugin/plugin.js';
import { Providers } from './providers/providers.js';
import { builtIn } from './session/built-in.js';
import { pluginSources } from './session/plugin-sources.js';
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
  await using scratch = openScratch(openStore(options.store));
  const settings = { env: options.env, scratchDir: scratch.dir };
  const providers = new Providers(
    builtIn(settings),
    pluginSources(options.plugins ?? [], options.bundled ?? [], options.cwd),
  );
  const byPlugin = new Map<string, AnyProvider[]>();
  for (const { plugin, provider } of await providers.list())
    byPlugin.set(plugin, [...(byPlugin.get(plugin) ?? []), provider]);
  const plugins: Plugin[] = [...byPlugin].map(([name, provides]) => ({
    name,
    version: '',
    contract: contractVersion,
    provides,
  }));
  return await doctorReport({
    plugins,
    host: createHost(settings),
    store: options.store,
    named: {
      ...(options.snapshotter ? { snapshotter: options.snapshotter.id } : {}),
      ...(options.executor ? { executor: options.executor.id } : {}),
    },
  });
}
