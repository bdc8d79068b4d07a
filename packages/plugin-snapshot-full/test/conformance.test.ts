import { snapshotterOf, snapshotterSuite } from '@varve/engine/testing';
import plugin from '../src/index.js';

snapshotterSuite('full', () => snapshotterOf(plugin));
// On tmpfs that is what it does anyway.
snapshotterSuite('full, verify=all', () => snapshotterOf(plugin, { verify: 'all', hash: 'sha256', threads: '1' }), {
  on: 'disk',
});

/** What stat evidence alone cannot tell: files that were touched and left equal count as changed, a write through a mapping may go unseen. */
const beyondEvidence = [
  'touch and back',
  'rewritten with equal content and restored mtime',
  'replaced by an equal copy with restored mtimes',
  'large file rewritten with equal content and restored mtime',
  'content changed through a shared mapping',
  'equal content written through a shared mapping, with restored mtime',
  'file of an earlier step rewritten with equal content and restored mtime',
  'chmod and back',
  'chown to the owner that it has',
  'xattr set to what it was',
  'rename and back, mtimes restored',
];
snapshotterSuite('full, verify=evidence', () => snapshotterOf(plugin, { verify: 'evidence' }), {
  fails: beyondEvidence,
  random: false,
});
