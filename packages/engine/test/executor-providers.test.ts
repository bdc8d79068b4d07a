import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { builtInExecutors } from '../src/executor/providers.js';
import type { Host } from '../src/plugin/index.js';
import { findProgram } from '../src/sys/find-program.js';

const host: Host = { has: async () => ({ usable: true }) };
const skipUnlessRoot = process.geteuid?.() === 0 ? false : 'needs root';

describe('probes of the built-in executors', { skip: skipUnlessRoot }, () => {
  let base = '';
  before(() => {
    base = mkdtempSync(join(tmpdir(), 'varve-providers-'));
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  const probe = async (id: string, env: Readonly<Record<string, string | undefined>>) => {
    const scratchDir = join(base, 'scratch');
    const verdict = await builtInExecutors({ env, scratchDir })
      .find(provider => provider.id === id)
      ?.probe?.(host);
    assert.deepEqual(existsSync(scratchDir) ? readdirSync(scratchDir) : [], []);
    // Others may mount meanwhile; what is below our own folder is ours.
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(base), false);
    return verdict ?? assert.fail(id);
  };
  /** A PATH with these programs and nothing else. */
  const pathWith = (...names: readonly string[]) => {
    const dir = mkdtempSync(join(base, 'path-'));
    for (const name of names) symlinkSync(findProgram(name, process.env) ?? assert.fail(name), join(dir, name));
    return { PATH: dir };
  };

  for (const name of ['crun', 'runc'] as const) {
    const skip = findProgram(name, process.env) === undefined ? `${name} is not installed` : false;
    it(`oci works with ${name} alone`, { skip }, async () => {
      assert.deepEqual(await probe('oci', pathWith(name, 'unshare', 'mount', 'sh')), { usable: true });
    });
  }

  it('namespaces works with unshare', async () => {
    assert.deepEqual(await probe('namespaces', pathWith('unshare')), { usable: true });
  });

  it('oci says that no runtime is there', async () => {
    const verdict = await probe('oci', pathWith());
    assert.deepEqual(verdict, {
      usable: false,
      reason: 'neither crun nor runc is installed',
      hint: 'install crun (or runc)',
    });
  });

  it('a program that pretends is found out', async () => {
    const dir = mkdtempSync(join(base, 'path-'));
    for (const name of ['crun', 'runc', 'unshare']) {
      writeFileSync(join(dir, name), '#!/bin/sh\nexit 0\n');
      chmodSync(join(dir, name), 0o755);
    }
    for (const id of ['oci', 'namespaces']) assert.ok(!(await probe(id, { PATH: dir })).usable, id);
  });
});
