import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { build } from '../src/build.js';
import type { BuildOptions } from '../src/model/options.js';
import { runsAtFirstSight } from '../src/session/first-sight.js';
import { descendants } from '../src/sys/process-tree.js';

describe('a build that will run something', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'varve-first-sight-'));
  after(() => rmSync(cwd, { recursive: true, force: true }));
  const options: BuildOptions = { context: 'context', cwd, store: join(cwd, 'store'), env: {}, noCache: true };
  mkdirSync(join(cwd, 'context'));
  writeFileSync(join(cwd, 'context/file'), 'content');
  writeFileSync(join(cwd, 'context/Dockerfile'), 'FROM scratch\n  run true\n');
  writeFileSync(join(cwd, 'plain'), 'FROM scratch\n# RUN it\nLABEL RUN=yes\n');
  writeFileSync(join(cwd, 'other'), 'FROM scratch AS unused\nRUN true\nFROM scratch\nCOPY file /\n');
  writeFileSync(join(cwd, 'wrong'), 'FROM scratch\nRUN true\nCOPY\n');
  const old = { isNew: false };

  it('is known by its Dockerfile, where no cache knows a step of it', () => {
    assert.equal(runsAtFirstSight(options, old), true);
    assert.equal(runsAtFirstSight({ ...options, noCache: false }, old), false);
    assert.equal(runsAtFirstSight({ ...options, noCache: false }, { isNew: true }), true);
    assert.equal(runsAtFirstSight({ ...options, noCache: false, caches: [] }, { isNew: true }), false);
    assert.equal(runsAtFirstSight({ ...options, file: 'plain' }, old), false);
  });

  it('is not where the Dockerfile is not to be seen, or could be read but once', () => {
    execFileSync('mkfifo', [join(cwd, 'pipe')]);
    for (const file of ['pipe', 'absent', '-', 'context'])
      assert.equal(runsAtFirstSight({ ...options, file }, old), false);
    assert.equal(runsAtFirstSight({ ...options, context: 'https://example.test/context.git' }, old), false);
  });

  it('and runs nothing after all, or fails, leaves no process', { timeout: 60_000 }, async () => {
    await build({ ...options, file: 'other' });
    assert.deepEqual(descendants(process.pid), []);
    await assert.rejects(build({ ...options, file: 'wrong' }));
    assert.deepEqual(descendants(process.pid), []);
    await assert.rejects(build({ ...options, file: 'other', plugins: [{ module: './absent.js', options: {} }] }), {
      code: 'E_PLUGIN_LOAD',
    });
    assert.deepEqual(descendants(process.pid), []);
  });
});
