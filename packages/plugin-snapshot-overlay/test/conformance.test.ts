import { snapshotterOf, snapshotterSuite } from '@varve/engine/testing';
import plugin from '../src/index.js';
import { splitLinks } from './split-links.js';

snapshotterSuite('overlay', () => snapshotterOf(plugin));
snapshotterSuite('overlay, index=off', () => snapshotterOf(plugin, { index: 'off' }), {
  fails: splitLinks,
  random: { alone: true },
  on: 'tmpfs',
});
