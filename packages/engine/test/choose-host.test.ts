import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createHost } from '../src/choose/host.js';
import type { HostFeature } from '../src/plugin/index.js';

describe('createHost', () => {
  let base = '';
  before(() => {
    base = mkdtempSync(join(tmpdir(), 'varve-host-'));
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  const features = ['mount.bind', 'mount.overlay', 'namespace.user', 'program.unshare', 'program.runc'] as const;

  it('tries for real and leaves nothing', async () => {
    const scratchDir = join(base, 'scratch');
    const host = createHost({ env: process.env, scratchDir });
    for (const feature of features) {
      const verdict = await host.has(feature);
      if (!verdict.usable) assert.ok(verdict.reason.length > 0 && verdict.hint !== undefined, feature);
    }
    assert.deepEqual(existsSync(scratchDir) ? readdirSync(scratchDir) : [], []);
    assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(scratchDir));
  });

  it('knows whether it is root', async () => {
    const verdict = await createHost({ env: {}, scratchDir: base }).has('process.root');
    assert.equal(verdict.usable, process.geteuid?.() === 0);
  });

  it('tries once', async () => {
    const program = join(base, 'crun');
    const log = join(base, 'log');
    writeFileSync(program, `#!/bin/sh\necho ran >> ${log}\n`);
    chmodSync(program, 0o755);
    const host = createHost({ env: { PATH: base }, scratchDir: base });
    await Promise.all([host.has('program.crun'), host.has('program.crun')]);
    assert.deepEqual(await host.has('program.crun'), { usable: true });
    assert.equal(readFileSync(log, 'utf8'), 'ran\n');
  });

  it('is not content with a program that does not run', async () => {
    const program = join(base, 'runc');
    writeFileSync(program, '#!/bin/sh\necho "it is damaged" >&2\nexit 3\n');
    chmodSync(program, 0o755);
    const host = createHost({ env: { PATH: base }, scratchDir: base });
    const verdict = await host.has('program.runc');
    assert.ok(!verdict.usable);
    assert.match(verdict.reason, /it is damaged/);
    const missing = await host.has('program.unshare');
    assert.deepEqual(missing, { usable: false, reason: 'unshare is not installed', hint: 'install util-linux' });
    assert.ok(!(await host.has('mount.overlay')).usable);
  });

  it('does not know features of others', async () => {
    const host = createHost({ env: {}, scratchDir: base });
    for (const feature of ['x-other', 'toString', '__proto__'] as HostFeature[]) {
      assert.ok(!(await host.has(feature)).usable, feature);
    }
  });

  it('says why overlay does not work where it does not', async () => {
    const host = createHost({ env: process.env, scratchDir: '/proc' });
    const verdict = await host.has('mount.overlay');
    assert.ok(!verdict.usable);
    assert.ok(verdict.reason.length > 0);
  });
});
