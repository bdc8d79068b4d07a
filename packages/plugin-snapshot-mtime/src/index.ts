/** The snapshotter that never reads a file: what metadata do not tell, it does not see. */
import { definePlugin, provide } from '@varve/engine/plugin';
import { parseOptions } from './options.js';

export default definePlugin({
  parseOptions,
  create: () => ({
    name: '@varve/plugin-snapshot-mtime',
    version: '0.1.0',
    contract: '^1.0.0',
    provides: [
      provide({
        slot: 'snapshotter',
        id: 'mtime',
        summary: 'finds changes by metadata alone; misses a content of the same size under the same mtime',
        traits: { root: 'directory', fidelity: 'heuristic' },
        rank: 50,
        async create() {
          const { openDirectoryRoot } = await import('@varve/engine/kit');
          return { open: request => openDirectoryRoot(request, { content: 'metadata', hash: 'xxh3' }) };
        },
      }),
    ],
  }),
});
