import type { PluginSpec } from '../model/options.js';
import { pluginFile } from '../providers/load.js';
import { Providers } from '../providers/providers.js';
import { pluginSources } from '../session/plugin-sources.js';

/** A plugin by its own account. */
export interface PluginRow {
  readonly name: string;
  readonly version: string;
  /** Range of the contract that it is made for. */
  readonly contract: string;
  /** Path of its module. */
  readonly file: string;
  readonly provides: readonly { readonly slot: string; readonly id: string; readonly summary: string }[];
  readonly hooks: readonly string[];
}

export interface PluginListOptions {
  readonly plugins: readonly PluginSpec[];
  /** Absolute path that relative ones start from. */
  readonly cwd: string;
}

/** Loads plugins as a build would and tells what each brings; nothing of it is tried. Errors: those of loading a plugin. */
export async function listPlugins({ plugins, cwd }: PluginListOptions): Promise<readonly PluginRow[]> {
  const sources = pluginSources(plugins, [], cwd);
  const loaded = await new Providers({ providers: [], modules: [] }, sources).named();
  return loaded.map(({ name, version, contract, provides = [], hooks = {} }, at) => ({
    name,
    version,
    contract,
    file: pluginFile(sources.named[at]?.url ?? ''),
    provides: provides.map(({ slot, id, summary }) => ({ slot, id, summary })),
    hooks: Object.keys(hooks),
  }));
}
