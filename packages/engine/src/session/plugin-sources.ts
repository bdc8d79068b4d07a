import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { VarveError } from '../model/error.js';
import type { BundledPlugin, PluginSources, PluginSpec } from '../model/options.js';

/**
 * Where the plugins' code is: paths (`./mine.js`, `/opt/mine.js`) from the working directory, everything else as a package installed there.
 * Only what the operator names is ever looked for. Errors: `E_PLUGIN_LOAD`.
 */
export function pluginSources(
  specs: readonly PluginSpec[],
  bundled: readonly BundledPlugin[],
  cwd: string,
): PluginSources {
  return { named: specs.map(({ module, options }) => ({ url: moduleUrl(module, cwd), options })), bundled };
}

function moduleUrl(module: string, cwd: string): string {
  if (module.startsWith('file:')) return module;
  if (module.startsWith('.') || isAbsolute(module)) return pathToFileURL(resolve(cwd, module)).href;
  try {
    return pathToFileURL(createRequire(resolve(cwd, 'package.json')).resolve(module)).href;
  } catch (cause) {
    throw new VarveError('E_PLUGIN_LOAD', `the plugin "${module}" is not installed`, {
      hint: `write a path (./${module}.js), or install the package where you run varve`,
      cause,
    });
  }
}
