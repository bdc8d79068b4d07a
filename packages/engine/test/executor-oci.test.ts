import { ociExecutor } from '../src/executor/oci.js';
import { findOciRuntime } from '../src/executor/oci-runtime.js';
import { findProgram } from '../src/sys/find-program.js';
import { isInUserNamespace } from '../src/sys/own-privileges.js';
import { executorSuite } from '../src/testing/executor-suite.js';

const first = findOciRuntime(process.env);
const unusable = 'usable' in first ? (first.usable ? undefined : first.reason) : undefined;
executorSuite(
  'usable' in first ? 'oci' : `oci with ${first.name}`,
  scratchDir => {
    if ('usable' in first) throw new Error(unusable);
    return ociExecutor(first, scratchDir);
  },
  { skip: unusable },
);

const runc = findProgram('runc', process.env);
executorSuite('oci with runc', scratchDir => ociExecutor({ name: 'runc', program: runc ?? '', args: [] }, scratchDir), {
  skip: runc === undefined ? 'runc is not installed' : isInUserNamespace() ? 'not used there' : undefined,
});
