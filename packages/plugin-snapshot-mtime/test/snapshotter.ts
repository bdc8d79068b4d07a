import type { Snapshotter, Tools } from '@varve/engine/plugin';
import plugin from '../src/index.js';

/** The plugin's snapshotter, with options as a user writes them. */
export async function snapshotter(options: Readonly<Record<string, string>>): Promise<Snapshotter> {
  const [provider] = plugin.create(plugin.parseOptions(options)).provides ?? [];
  if (provider?.slot !== 'snapshotter') throw new Error('the plugin provides no snapshotter');
  return await provider.create(tools);
}

const tools: Tools = {
  stateDir: '/nowhere',
  host: { has: async () => ({ usable: true }) },
  env: {},
  warn: () => {},
};
