import { snapshotterSuite } from '@varve/engine/testing';
import { snapshotter } from './snapshotter.js';

snapshotterSuite('full', () => snapshotter({}));
snapshotterSuite('full, verify=all', () => snapshotter({ verify: 'all', hash: 'sha256', threads: '1' }));
