import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { requireWritable, writeLines } from '../src/run/digest-file.js';
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

test('a file that cannot be written is told before anything is built', async () => {
  const call = join(cwd, 'call.json');
  mkdirSync(join(cwd, 'folder'));
  for (const flag of ['--digest-file', '--image-name-with-digest-file', '--metadata-file', '--iidfile'])
    for (const [file, why] of [
      ['absent/file', 'ENOENT'],
      ['folder', 'EISDIR'],
    ] as const) {
      const ended = await varve(['build', '-q', '.', '-t', 'h.lan/a', '--push', flag, file], {
        cwd,
        env: { FAKE_ENGINE_CALL: call },
      });
      assert.equal(ended.code, 2);
      assert.match(ended.stderr, new RegExp(`${flag} ${file}: it cannot be written \\(${why}\\)`));
      assert.equal(existsSync(call), false);
    }
});

test('a file that can only be written in place is', async () => {
  await writeLines({ flag: '--digest-file', file: '/dev/null' }, cwd, ['x']);
  await requireWritable([{ flag: '--digest-file', file: '/dev/null' }], cwd);
  assert.equal(statSync('/dev/null').isCharacterDevice(), true);
});
