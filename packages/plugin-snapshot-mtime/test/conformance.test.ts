import { snapshotterOf, snapshotterSuite } from '@varve/engine/testing';
import plugin from '../src/index.js';
import { blindTo } from './blind-to.js';

// A file that is moved over another one may have its size and its mtime.
const random = { without: ['sneak', 'rename'] } as const;
snapshotterSuite('mtime', () => snapshotterOf(plugin), { fails: blindTo, random });
