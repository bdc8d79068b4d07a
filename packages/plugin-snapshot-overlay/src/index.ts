/** The snapshotter that lets the kernel find the changes: the upper directory of an overlay is the change set. */
export { errorCodes } from './error-codes.js';

import { definePlugin, provide } from '@varve/engine/plugin';
import { parseOptions } from './options.js';

export default definePlugin({
  parseOptions,
  create: options => ({
    name: '@varve/plugin-snapshot-overlay',
    version: '0.1.0',
    contract: '^1.0.0',
    provides: [
      provide({
        slot: 'snapshotter',
        id: 'overlay',
        summary: 'finds changes in the upper directory of an overlay; exact, whatever the size of the image',
        // It mounts the overlay itself, since two mounts of one upper directory are refused where hard links are kept.
        traits: { root: 'directory', fidelity: 'exact' },
        rank: 200,
        needs: ['process.root', 'mount.overlay'],
        async create() {
          const { openOverlayRoot } = await import('./overlay-root.js');
          return { open: async request => openOverlayRoot(request, options) };
        },
      }),
    ],
  }),
});
