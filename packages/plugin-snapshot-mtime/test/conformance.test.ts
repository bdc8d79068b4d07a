import { snapshotterOf, snapshotterSuite } from '@varve/engine/testing';
import plugin from '../src/index.js';
import { blindTo } from './blind-to.js';

// A file that is moved over another one may have its size and its mtime, and on tmpfs a mapping moves no time.
const random = { without: ['sneak', 'rename', 'replace', 'swap', 'map'] } as const;
snapshotterSuite('mtime', () => snapshotterOf(plugin), { fails: blindTo, random });
