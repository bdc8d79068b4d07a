import type { PluginSpec, ProviderChoice } from '@varve/engine';
import { nameWithAttributes } from './attributes.js';
import { BadValue } from './problems.js';

/** `--snapshot full,verify=all`, `--compression gzip,level=9`. */
export function parseProvider(value: string): ProviderChoice {
  const { name, attributes } = nameWithAttributes(value);
  if (name.includes('=')) throw new BadValue(`the name comes first, as in NAME,${name}`);
  return { id: name, options: attributes };
}

/** `--plugin ./mine.js,level=3`. */
export function parsePlugin(value: string): PluginSpec {
  const { name, attributes } = nameWithAttributes(value);
  if (/^\w+=/.test(name)) throw new BadValue(`the module comes first, as in ./plugin.js,${name}`);
  return { module: name, options: attributes };
}
