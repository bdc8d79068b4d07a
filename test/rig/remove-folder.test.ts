import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { need } from './need.js';
import { mountsBelow, removeFolder } from './remove-folder.js';
import { must } from './run.js';

test('what is mounted below a folder that is removed stays whole', { skip: need('linux', 'root') }, async () => {
  const base = mkdtempSync(join(tmpdir(), 'varve-test-remove-'));
  const precious = join(base, 'precious');
  const folder = join(base, 'folder with space');
  try {
    mkdirSync(precious);
    writeFileSync(join(precious, 'file'), 'kept');
    mkdirSync(join(folder, 'root/dev'), { recursive: true });
    await must('mount', ['--bind', precious, join(folder, 'root/dev')]);
    assert.deepEqual(mountsBelow(folder), [join(folder, 'root/dev')]);
    removeFolder(folder);
    assert.ok(!existsSync(folder));
    assert.ok(existsSync(join(precious, 'file')));
  } finally {
    if (mountsBelow(base).length === 0) rmSync(base, { recursive: true });
  }
});
