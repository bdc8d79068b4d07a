import { namespacesExecutor } from '../src/executor/namespaces.js';
import { findProgram } from '../src/sys/find-program.js';
import { executorSuite } from '../src/testing/executor-suite.js';

const unshare = findProgram('unshare', process.env);
executorSuite('namespaces', scratchDir => namespacesExecutor(unshare ?? '', scratchDir), {
  skip: unshare === undefined ? 'unshare is not installed' : undefined,
});
