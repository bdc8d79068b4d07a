import { type Provider, provide } from '../plugin/plugin.js';
import type { InPlaceSetup } from './places.js';

/** What a step in the container's own root can reach that is not its own. */
export const reachable =
  "steps run in the container's own /: they can reach its volumes, the store with what other stages made, and its processes, but no credentials";

/** The executor that needs nothing but root in a container. Usable only where `setup` says that the root may be swapped. */
export function inPlaceProvider(setup: InPlaceSetup | undefined): Provider<'executor'> {
  return provide({
    slot: 'executor',
    id: 'inplace',
    summary: "runs steps in the container's own /, which it empties for that time; shares all else with them",
    traits: { enters: ['directory'], isolation: 'none', onlyWhenNamed: true },
    rank: 10,
    needs: ['process.root'],
    async probe() {
      if (setup) return { usable: true, notes: [reachable] };
      return {
        usable: false,
        reason: 'it empties / while a step runs, and is used where that is asked for',
        hint: 'in a container that is there for the build: --executor inplace --allow inplace',
      };
    },
    async create() {
      const { inPlaceExecutor } = await import('./inplace-executor.js');
      return inPlaceExecutor(setup as InPlaceSetup);
    },
  });
}
