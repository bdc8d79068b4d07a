/** The snapshotter that is exact on every file system: stat evidence where that can be trusted, contents where it cannot. */
import { definePlugin, provide } from '@varve/engine/plugin';
import { parseOptions } from './options.js';

export default definePlugin({
  parseOptions,
  create: detection => ({
    name: '@varve/plugin-snapshot-full',
    version: '0.1.0',
    contract: '^1.0.0',
    provides: [
      provide({
        slot: 'snapshotter',
        id: 'full',
        summary:
          'finds changes by stat evidence, and by content where a file system does not keep it; exact everywhere',
        // Taken at its word, `evidence` misses what a file system does not note.
        traits: { root: 'directory', fidelity: detection.content === 'evidence' ? 'heuristic' : 'exact' },
        rank: 100,
        async create() {
          const { openDirectoryRoot } = await import('@varve/engine/kit');
          return { open: request => openDirectoryRoot(request, detection) };
        },
      }),
    ],
  }),
});
