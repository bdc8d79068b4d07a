import type * as engine from '@varve/engine';

/** What the command line uses of `@varve/engine`. */
export type Engine = Pick<
  typeof engine,
  | 'build'
  | 'checkBuild'
  | 'planBuild'
  | 'explainBuild'
  | 'doctor'
  | 'openStore'
  | 'openKeptImage'
  | 'diffImages'
  | 'listCacheMounts'
  | 'listPlugins'
  | 'benchSnapshots'
  | 'exportCacheMount'
  | 'importCacheMount'
  | 'removeCacheMount'
>;

/** One function of the engine, which is loaded when the first one is asked for. */
export async function fromEngine<K extends keyof Engine>(name: K): Promise<Engine[K]> {
  const loaded: Engine = await import('@varve/engine');
  return loaded[name];
}
