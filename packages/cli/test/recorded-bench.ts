import type { SnapshotBench } from '@varve/engine';

/** What a comparison of snapshotters gave, with everything that a report can show. */
export const benchedSnapshots: SnapshotBench = {
  subject: { name: 'registry.example/app:1', entries: 45_120, bytes: 743_000_000, fileSystem: 'ext4' },
  unpacking: 1312.4,
  strategies: [
    {
      id: 'full',
      fidelity: 'exact',
      ready: 1398.2,
      baseline: 85.8,
      peakMemory: 131_000_000,
      diffs: [
        { what: 'nothing', files: 0, prepare: 0.12, find: 68.3, bytesRead: 262, found: 0 },
        { what: 'few', files: 10, prepare: 1.04, find: 70.1, bytesRead: 72_600, found: 10 },
        { what: 'hidden', files: 10, prepare: 0.1, find: 71.9, bytesRead: 91_000, found: 10 },
        { what: 'run', prepare: 0, find: 75.5, bytesRead: 4096, found: 2 },
      ],
    },
    {
      id: 'mtime',
      fidelity: 'heuristic',
      ready: 1340.9,
      baseline: 28.5,
      peakMemory: 128_000_000,
      diffs: [{ what: 'hidden', files: 10, prepare: 0.1, find: 69.4, bytesRead: 262, found: 0 }],
    },
    {
      id: 'overlay',
      fidelity: 'exact',
      unusable: 'overlay cannot be mounted here',
      ready: 0,
      baseline: 0,
      peakMemory: 0,
      diffs: [],
    },
  ],
  disagreements: [
    {
      what: 'hidden',
      between: ['full', 'mtime'],
      counts: [10, 0],
      examples: ['write etc/passwd', 'write usr/bin/env'],
    },
  ],
  advice: ['Use full: it finds what a small RUN changed in 71 ms.'],
};
