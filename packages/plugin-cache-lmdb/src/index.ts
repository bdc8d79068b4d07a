/** The layer cache on this machine: keys and what steps made of them in LMDB; the blobs stay in the engine's store. */
export { errorCodes } from './error-codes.js';

import { definePlugin, provide } from '@varve/engine/plugin';
import { parseOptions } from './options.js';

export default definePlugin({
  parseOptions,
  create: () => ({
    name: '@varve/plugin-cache-lmdb',
    version: '0.1.0',
    contract: '^1.0.0',
    provides: [
      provide({
        slot: 'cache',
        id: 'lmdb',
        summary: 'remembers steps on this machine, in LMDB',
        traits: { shared: false },
        rank: 100,
        async create(tools) {
          const { LmdbCache } = await import('./lmdb-cache.js');
          return new LmdbCache(tools.stateDir, tools.warn);
        },
      }),
    ],
  }),
});
