/**
 * The engine's functions, each of which loads its code when it is first called: to load everything takes as long as a cached build. What each
 * does is told where it is defined.
 */

/** See {@link import('./build.js').build}. */
export const build: typeof import('./build.js').build = async (...args) => (await import('./build.js')).build(...args);

/** See {@link import('./look-ahead.js').checkBuild}. */
export const checkBuild: typeof import('./look-ahead.js').checkBuild = async (...args) =>
  (await import('./look-ahead.js')).checkBuild(...args);

/** See {@link import('./look-ahead.js').explainBuild}. */
export const explainBuild: typeof import('./look-ahead.js').explainBuild = async (...args) =>
  (await import('./look-ahead.js')).explainBuild(...args);

/** See {@link import('./look-ahead.js').planBuild}. */
export const planBuild: typeof import('./look-ahead.js').planBuild = async (...args) =>
  (await import('./look-ahead.js')).planBuild(...args);

/** See {@link import('./doctor.js').doctor}. */
export const doctor: typeof import('./doctor.js').doctor = async (...args) =>
  (await import('./doctor.js')).doctor(...args);

/** See {@link import('./inspect/bench-snapshot.js').benchSnapshots}. */
export const benchSnapshots: typeof import('./inspect/bench-snapshot.js').benchSnapshots = async (...args) =>
  (await import('./inspect/bench-snapshot.js')).benchSnapshots(...args);

/** See {@link import('./inspect/diff.js').diffImages}. */
export const diffImages: typeof import('./inspect/diff.js').diffImages = async (...args) =>
  (await import('./inspect/diff.js')).diffImages(...args);

/** See {@link import('./inspect/store-view.js').openStoreView}. */
export const openStore: typeof import('./inspect/store-view.js').openStoreView = async (...args) =>
  (await import('./inspect/store-view.js')).openStoreView(...args);

/** See {@link import('./inspect/kept-image.js').openKeptImage}. */
export const openKeptImage: typeof import('./inspect/kept-image.js').openKeptImage = async (...args) =>
  (await import('./inspect/kept-image.js')).openKeptImage(...args);

/** See {@link import('./inspect/plugins.js').listPlugins}. */
export const listPlugins: typeof import('./inspect/plugins.js').listPlugins = async (...args) =>
  (await import('./inspect/plugins.js')).listPlugins(...args);

/** See {@link import('./inspect/cache-mounts.js').listCacheMounts}. */
export const listCacheMounts: typeof import('./inspect/cache-mounts.js').listCacheMounts = async (...args) =>
  (await import('./inspect/cache-mounts.js')).listCacheMounts(...args);

/** See {@link import('./inspect/cache-mounts.js').exportCacheMount}. */
export const exportCacheMount: typeof import('./inspect/cache-mounts.js').exportCacheMount = async (...args) =>
  (await import('./inspect/cache-mounts.js')).exportCacheMount(...args);

/** See {@link import('./inspect/cache-mounts.js').importCacheMount}. */
export const importCacheMount: typeof import('./inspect/cache-mounts.js').importCacheMount = async (...args) =>
  (await import('./inspect/cache-mounts.js')).importCacheMount(...args);

/** See {@link import('./inspect/cache-mounts.js').removeCacheMount}. */
export const removeCacheMount: typeof import('./inspect/cache-mounts.js').removeCacheMount = async (...args) =>
  (await import('./inspect/cache-mounts.js')).removeCacheMount(...args);
