/** The executor suite, to be run in a default container of the executor image's kind: `executor-inplace.test.ts` does. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inPlaceExecutor } from '../src/inplace/inplace-executor.js';
import { executorSuite } from '../src/testing/executor-suite.js';

executorSuite(
  'inplace',
  () => inPlaceExecutor({ home: mkdtempSync(join(tmpdir(), 'home-')), kept: ['/kaniko'], hidden: [] }),
  {
    // All namespaces are shared with the builder, and nothing is mounted.
    lacks: [
      'the hostname is the given one',
      'a double chroot does not lead out',
      "the builder's files are out of sight",
      "the builder's processes, environment and memory are out of sight",
      'kernel files are masked or read-only',
      'device nodes that a step makes are of no use',
      'without a network there is loopback alone, and it is up',
      'an insecure step keeps all capabilities and may mount',
      'tmpfs has the given size and mode, and goes with the step',
      'an overlay root is entered, and what is written lies in its upper folder',
      'a step is process 1 and takes all its processes with it',
    ],
  },
);
