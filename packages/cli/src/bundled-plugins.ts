import { fileURLToPath } from 'node:url';
import type { PluginSpec } from '@varve/engine';

const packages = [
  '@varve/plugin-snapshot-full',
  '@varve/plugin-snapshot-mtime',
  '@varve/plugin-cache-lmdb',
  '@varve/plugin-cache-registry',
  '@varve/plugin-compress-zstd',
] as const;

/**
 * The plugins that come with varve, as absolute paths: they are found from where varve is installed and never from the
 * working directory.
 */
export function bundledPlugins(): readonly PluginSpec[] {
  return packages.map(name => ({ module: fileURLToPath(import.meta.resolve(name)), options: {} }));
}
