import { snapshotterOf, snapshotterSuite } from '@varve/engine/testing';
import plugin from '../src/index.js';
import { splitLinks } from './split-links.js';

const skip = process.geteuid?.() === 0 ? false : 'overlays are mounted by root';
snapshotterSuite('overlay', () => snapshotterOf(plugin), { skip });
snapshotterSuite('overlay, index=off', () => snapshotterOf(plugin, { index: 'off' }), {
  skip,
  fails: splitLinks,
  random: { alone: true },
  on: 'tmpfs',
});
