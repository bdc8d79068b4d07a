import { codeOf, VarveError } from '../model/error.js';
import { errorSummary } from '../model/error-summary.js';
import type { PluginSources } from '../model/options.js';
import { pluginFile } from '../providers/load.js';

/** Code that is not ours may fail without a code as well: where the trace leads through a plugin that the operator named, it is that one's fault. */
export function blamePlugin(error: unknown, { named }: PluginSources): unknown {
  if ((codeOf(error) ?? 'E_INTERNAL') !== 'E_INTERNAL') return error;
  const trace = traceOf(error);
  const plugin = named.find(({ url }) => trace.includes(`${url}:`));
  if (plugin === undefined) return error;
  const { message, where } = errorSummary(error);
  return new VarveError('E_PLUGIN_FAILED', `the plugin ${pluginFile(plugin.url)} failed: ${message}`, {
    hint: 'VARVE_DEBUG=1 in the environment shows where',
    ...(where === undefined ? {} : { where }),
    cause: error,
  });
}

function traceOf(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? ''}\n${traceOf(error.cause)}` : '';
}
