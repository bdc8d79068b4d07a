import { snapshotterOf, snapshotterSuite } from '@varve/engine/testing';
import plugin from '../src/index.js';

snapshotterSuite('full', () => snapshotterOf(plugin));
snapshotterSuite('full, verify=all', () => snapshotterOf(plugin, { verify: 'all', hash: 'sha256', threads: '1' }));
