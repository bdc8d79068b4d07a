import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Docker, startDockerd } from '../rig/dockerd.js';
import { markedImage } from '../rig/marked-image.js';
import { need } from '../rig/need.js';
import { inRepository } from '../rig/repository.js';
import { transcript } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need('linux', 'root', 'docker', 'busybox', 'git', 'patchelf', 'ssh', 'zstd');

describe('the executor that needs no privilege', { skip }, () => {
  let bench: Workbench;
  let docker: Docker;
  let image: string;

  before(async () => {
    bench = openWorkbench('inplace');
    docker = await startDockerd(bench);
    image = await markedImage(bench, docker);
  });
  after(() => bench?.close());

  test('keeps to the suite of executors in a default container', { timeout: 300_000 }, async () => {
    const script =
      'mkdir -p /kaniko/tmp && exec node --test /varve/packages/engine/dist/test/executor-inplace-suite.js';
    const outcome = await docker.run(
      [
        ...['run', '--rm', '--network', 'host', '--volume', `${inRepository('.')}:/varve:ro`],
        ...['--env', 'TMPDIR=/kaniko/tmp', '--env', 'PATH=/kaniko/bin', '--entrypoint', '/kaniko/bin/sh'],
        ...[image, '-c', script.replace('mkdir', 'busybox mkdir')],
      ],
      { timeout: 280_000 },
    );
    assert.equal(outcome.code, 0, transcript(outcome));
    assert.match(outcome.stdout, /^# pass [3-9]\d$/m, transcript(outcome));
  });
});
