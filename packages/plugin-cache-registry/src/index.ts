/** The layer cache in an OCI registry, shared by all who may read it. */
export { errorCodes } from './error-codes.js';

import { definePlugin, provide, VarveError } from '@varve/engine/plugin';
import { parseOptions } from './options.js';

export type { RegistryCacheOptions } from './options.js';

export default definePlugin({
  parseOptions,
  create: options => ({
    name: '@varve/plugin-cache-registry',
    version: '0.1.0',
    contract: '^1.0.0',
    provides: [
      provide({
        slot: 'cache',
        id: 'registry',
        summary: 'remembers steps in an OCI registry',
        traits: { shared: true },
        rank: 0,
        async create(tools) {
          if (!tools.registry)
            throw new VarveError('E_CACHE', 'the cache registry works only where there is a registry client');
          const { RegistryCache } = await import('./registry-cache.js');
          return new RegistryCache(await tools.registry(), options, tools.warn);
        },
      }),
    ],
  }),
});
