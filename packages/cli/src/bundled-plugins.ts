import type { BundledPlugin } from '@varve/engine';

/** What the plugins that come with varve provide: enough to know which one to load. */
const provided = {
  'plugin-snapshot-full': [{ slot: 'snapshotter', id: 'full' }],
  'plugin-snapshot-overlay': [{ slot: 'snapshotter', id: 'overlay' }],
  'plugin-snapshot-mtime': [{ slot: 'snapshotter', id: 'mtime' }],
  'plugin-cache-lmdb': [{ slot: 'cache', id: 'lmdb' }],
  'plugin-cache-registry': [{ slot: 'cache', id: 'registry' }],
  'plugin-compress-zstd': [{ slot: 'compressor', id: 'zstd' }],
} as const;

/** The same by the names of their packages, for people. */
export function bundledPluginNames(): readonly (readonly [string, BundledPlugin['provides']])[] {
  return Object.entries(provided).map(([name, provides]) => [`@varve/${name}`, provides]);
}

/**
 * The plugins that come with varve, by the URL of their modules: they lie beside the bundle's other programs, as seen from there and from the compiled
 * sources.
 */
export function bundledPlugins(): readonly BundledPlugin[] {
  return Object.entries(provided).map(([name, provides]) => ({
    url: new URL(`../bundle/${name}.js`, import.meta.url).href,
    provides,
  }));
}
