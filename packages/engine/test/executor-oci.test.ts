import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ociExecutor } from '../src/executor/oci.js';
import { findOciRuntime } from '../src/executor/oci-runtime.js';
import { ownNamespaces } from '../src/host/host-process.js';
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

const elsewhere = isInUserNamespace() ? 'there a root host runs crun as it is run above' : 'needs root';
const isThere = process.geteuid?.() === 0 && !isInUserNamespace();
const namespaces = [...ownNamespaces, '--mount-proc'];
it('the same in namespaces of its own, as a root host has them', {
  skip: unusable ?? (isThere ? false : elsewhere),
  timeout: 300_000,
}, () => {
  const suite = fileURLToPath(new URL('executor-oci-suite.js', import.meta.url));
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout } = spawnSync('unshare', [...namespaces, process.execPath, suite], { env, encoding: 'utf8' });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^. pass [3-9]\d$/m);
  assert.match(stdout, /^. skipped 0$/m);
});
