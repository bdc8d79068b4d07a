import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { goodResult } from './recorded-build.js';
import { varve } from './spawn-varve.js';

const cwd = mkdtempSync(join(tmpdir(), 'varve-digest-test-'));
after(() => rmSync(cwd, { recursive: true, force: true }));
const { digest } = goodResult;

test('a build writes its digest, and the names that were pushed with theirs, once each', async () => {
  const push = ['-o', 'type=registry,name=h.lan/a', '-o', 'type=registry,name=h.lan/a,annotation.x=y'];
  const files = ['--digest-file', 'digest', '--image-name-with-digest-file', 'names'];
  const ended = await varve(['build', '-q', '.', ...push, ...files], { cwd });
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(readFileSync(join(cwd, 'digest'), 'utf8'), digest);
  // The stand-in for the engine calls what it has pushed to "registry".
  assert.equal(readFileSync(join(cwd, 'names'), 'utf8'), `docker.io/library/registry@${digest}`);
});

test('a file that cannot be written is an error that says which', async () => {
  const ended = await varve(['build', '-q', '.', '--digest-file', 'absent/digest'], { cwd });
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /--digest-file absent\/digest: it cannot be written \(ENOENT\)/);
});
