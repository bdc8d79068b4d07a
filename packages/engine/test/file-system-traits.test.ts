import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileSystemTraits } from '../src/kit/file-system-traits.js';

const skip = process.geteuid?.() === 0 ? false : 'needs root';

for (const parent of [tmpdir(), '/dev/shm'])
  test(`an overlay is trusted as far as what it writes to: ${parent}`, { skip }, () => {
    const base = mkdtempSync(join(parent, 'varve-traits-'));
    try {
      for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(base, name));
      const options = `lowerdir=${base}/lower,upperdir=${base}/upper,workdir=${base}/work`;
      const mounted = spawnSync('mount', ['-t', 'overlay', 'o', '-o', options, join(base, 'merged')]);
      assert.equal(mounted.status, 0, String(mounted.stderr));
      const below = fileSystemTraits(base);
      assert.deepEqual(fileSystemTraits(join(base, 'merged'), true), { ...below, type: 'overlay' });
      assert.equal(fileSystemTraits(join(base, 'merged')).keepsCtime, false);
      assert.deepEqual(readdirSync(join(base, 'merged')), []);
    } finally {
      spawnSync('umount', [join(base, 'merged')]);
      rmSync(base, { recursive: true, force: true });
    }
  });
