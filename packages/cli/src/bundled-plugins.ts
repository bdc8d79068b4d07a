import type { BundledPlugin } from '@varve/engine';

/** What the plugins that come with varve provide: enough to know which one to load. */
const provided = {
  '@varve/plugin-snapshot-full': [{ slot: 'snapshotter', id: 'full' }],
  '@varve/plugin-snapshot-overlay': [{ slot: 'snapshotter', id: 'overlay' }],
  '@varve/plugin-snapshot-mtime': [{ slot: 'snapshotter', id: 'mtime' }],
  '@varve/plugin-cache-lmdb': [{ slot: 'cache', id: 'lmdb' }],
  '@varve/plugin-cache-registry': [{ slot: 'cache', id: 'registry' }],
  '@varve/plugin-compress-zstd': [{ slot: 'compressor', id: 'zstd' }],
} as const;

/**
 * The plugins that come with varve, by the URL of their modules: they are found from where varve is installed and never from the
 * working directory.
 */
export function bundledPlugins(): readonly BundledPlugin[] {
  return Object.entries(provided).map(([name, provides]) => ({ url: import.meta.resolve(name), provides }));
}
