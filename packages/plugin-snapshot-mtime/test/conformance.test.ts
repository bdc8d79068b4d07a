import { snapshotterSuite } from '@varve/engine/testing';
import { blindTo } from './blind-to.js';
import { snapshotter } from './snapshotter.js';

snapshotterSuite('mtime', () => snapshotter({}), { skip: blindTo });
