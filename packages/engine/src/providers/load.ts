import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, VarveError } from '../model/error.js';
import { hookKind } from '../plugin/hooks.js';
import { contractVersion, type Plugin, type PluginModule, slotArity } from '../plugin/plugin.js';

/**
 * Loads a plugin's module, gives it its options and checks what it says of itself. Errors: `E_PLUGIN_LOAD` (it cannot be loaded or is no
 * plugin), `E_PLUGIN_OPTIONS` (with all problems of the options), `E_PLUGIN_CONTRACT` (made for another version of the contract),
 * `E_UNKNOWN_HOOK`, `E_UNKNOWN_SLOT`.
 */
export async function loadPlugin(url: string, options: Readonly<Record<string, string>>): Promise<Plugin> {
  const file = pluginFile(url);
  const module = await importModule(url, file);
  const plugin = createPlugin(file, module, options);
  await checkPlugin(file, plugin);
  return plugin;
}

/** A plugin's module as people name it. */
export function pluginFile(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}

async function importModule(url: string, file: string): Promise<PluginModule> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = await import(url);
  } catch (cause) {
    if (isAbsolute(file) && !existsSync(file))
      throw new VarveError('E_PLUGIN_LOAD', `the plugin ${file} does not exist`, {
        hint: 'a path is taken from the working directory, or from the folder of the configuration file that names it',
        cause,
      });
    throw new VarveError('E_PLUGIN_LOAD', `the plugin ${file} cannot be loaded: ${(cause as Error).message}`, {
      hint: 'check the path, and that it is an ES module whose imports are installed',
      cause,
    });
  }
  const module = defaultOf(loaded) as Partial<PluginModule> | undefined;
  if (typeof module?.create !== 'function' || typeof module.parseOptions !== 'function')
    throw new VarveError('E_PLUGIN_LOAD', `${file} is no plugin: its default export has no parseOptions and create`, {
      hint: 'export default definePlugin({ parseOptions, create }), see docs/plugins.md',
    });
  return module as PluginModule;
}

/** Of an ES module, or of one that was made CommonJS by a compiler, which Node gives in another default export. */
function defaultOf({ default: exported }: { readonly default?: unknown }): unknown {
  const { __esModule: isCompiled, default: inner } = (exported ?? {}) as { __esModule?: boolean; default?: unknown };
  return isCompiled ? inner : exported;
}

function createPlugin(file: string, module: PluginModule, raw: Readonly<Record<string, string>>): Plugin {
  let options: unknown;
  try {
    options = module.parseOptions(raw);
  } catch (cause) {
    if (codeOf(cause) === 'E_PLUGIN_OPTIONS') throw cause;
    throw new VarveError('E_PLUGIN_OPTIONS', `the options of ${file} are not valid: ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    return module.create(options);
  } catch (cause) {
    throw new VarveError('E_PLUGIN_LOAD', `the plugin ${file} failed to start: ${(cause as Error).message}`, { cause });
  }
}

async function checkPlugin(file: string, plugin: Plugin): Promise<void> {
  const { name, contract } = (plugin as Plugin | undefined) ?? ({} as Partial<Plugin>);
  if (typeof name !== 'string' || typeof contract !== 'string')
    throw new VarveError(
      'E_PLUGIN_LOAD',
      `${file} is no plugin: its create gave no record with a name and a contract`,
      {
        hint: 'create returns the record itself, not a promise of it, see docs/plugins.md',
      },
    );
  if (!(await isMadeFor(contract)))
    throw new VarveError(
      'E_PLUGIN_CONTRACT',
      `the plugin ${name} is made for contract ${contract}, this is ${contractVersion}`,
      {
        hint: 'use a version of the plugin, or of Varve, that fits the other',
      },
    );
  for (const hook of Object.keys(plugin.hooks ?? {}))
    if (!Object.hasOwn(hookKind, hook))
      throw new VarveError('E_UNKNOWN_HOOK', `the plugin ${name} has a hook "${hook}", which does not exist`, {
        hint: `the hooks are ${Object.keys(hookKind).join(', ')}`,
      });
  for (const { slot, id } of plugin.provides ?? [])
    if (!Object.hasOwn(slotArity, slot))
      throw new VarveError(
        'E_UNKNOWN_SLOT',
        `the plugin ${name} provides "${id}" for a slot "${slot}", which does not exist`,
        {
          hint: `the slots are ${Object.keys(slotArity).join(', ')}`,
        },
      );
}

/** Whether a range of versions takes this contract in. Ranges as most plugins write them are read here: loading semver takes longer than all else. */
async function isMadeFor(range: string): Promise<boolean> {
  const [major, minor, patch] = contractVersion.split('.').map(Number) as [number, number, number];
  const plain = /^\^([1-9]\d*)\.(\d+)\.(\d+)$/.exec(range);
  if (plain) {
    const [wantedMajor, wantedMinor, wantedPatch] = plain.slice(1).map(Number) as [number, number, number];
    return major === wantedMajor && (minor > wantedMinor || (minor === wantedMinor && patch >= wantedPatch));
  }
  const { default: semver } = await import('semver');
  return semver.satisfies(contractVersion, range, { includePrerelease: true });
}
