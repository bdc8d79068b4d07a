import type { PluginModule, Tools } from '../plugin/plugin.js';
import type { Snapshotter } from '../plugin/snapshotter.js';

/** The snapshotter that a plugin provides, with options as a user writes them, made as the engine makes it. */
export async function snapshotterOf<Options>(
  plugin: PluginModule<Options>,
  options: Readonly<Record<string, string>> = {},
): Promise<Snapshotter> {
  const providers = plugin.create(plugin.parseOptions(options)).provides ?? [];
  const provider = providers.find(({ slot }) => slot === 'snapshotter');
  if (provider?.slot !== 'snapshotter') throw new Error('the plugin provides no snapshotter');
  return await provider.create(tools);
}

const tools: Tools = {
  stateDir: '/nonexistent',
  host: { has: async () => ({ usable: true }) },
  env: {},
  warn: () => {},
};
