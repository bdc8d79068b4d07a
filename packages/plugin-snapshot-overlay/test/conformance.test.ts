import { snapshotterOf, snapshotterSuite } from '@varve/engine/testing';
import plugin from '../src/index.js';

snapshotterSuite('overlay', () => snapshotterOf(plugin));
