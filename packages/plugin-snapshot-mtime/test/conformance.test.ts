import { snapshotterOf, snapshotterSuite } from '@varve/engine/testing';
import plugin from '../src/index.js';
import { blindTo } from './blind-to.js';

snapshotterSuite('mtime', () => snapshotterOf(plugin), { skip: blindTo, random: { without: ['sneak'] } });
