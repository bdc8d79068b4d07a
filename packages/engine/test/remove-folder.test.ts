import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, test } from 'node:test';
import { removeFolder } from '../src/store/remove-folder.js';
import { removeInTurns } from '../src/sys/remove-in-turns.js';

test('what takes more turns than somebody has is left in part, and removed by the next who looks', async () => {
  const base = mkdtempSync(join(tmpdir(), 'varve-remove-'));
  const dir = join(base, 'many');
  for (let i = 0; i < 200; i++) mkdirSync(join(dir, `${i}`), { recursive: true });
  for (let i = 0; i < 20_000; i++) writeFileSync(join(dir, `${i % 200}/${i}`), '');
  assert.equal(await removeInTurns(dir, 1), false);
  assert.equal(existsSync(dir), true);
  assert.equal(await removeInTurns(dir), true);
  assert.equal(await removeInTurns(dir, 1), true);
  rmSync(base, { recursive: true });
});

for (const [name, remove] of Object.entries({ removeInTurns, removeFolder })) {
  describe(name, () => {
    const base = mkdtempSync(join(tmpdir(), 'varve-remove-'));
    after(() => rmSync(base, { recursive: true, force: true }));

    it('removes files, folders in folders and names of any bytes, and follows no link', async () => {
      const dir = join(base, 'dir');
      mkdirSync(join(dir, 'a/b/c'), { recursive: true });
      mkdirSync(join(dir, 'empty'));
      for (const path of ['top', 'a/one', 'a/b/two', 'a/b/c/three']) writeFileSync(join(dir, path), path);
      const odd = Buffer.concat([Buffer.from(`${dir}/a/`), Buffer.from([0xff, 0xfe])]);
      mkdirSync(odd);
      writeFileSync(Buffer.concat([odd, Buffer.from([0x2f, 0xe9])]), 'odd');
      mkdirSync(join(base, 'kept'));
      writeFileSync(join(base, 'kept/file'), 'kept');
      symlinkSync(join(base, 'kept'), join(dir, 'a/link'));
      symlinkSync('nowhere', join(dir, 'loose'));
      await remove(dir);
      assert.equal(existsSync(dir), false);
      assert.deepEqual(readdirSync(join(base, 'kept')), ['file']);
    });

    it('removes more than one turn can', async () => {
      const dir = join(base, 'many');
      mkdirSync(dir);
      for (let i = 0; i < 3000; i++) writeFileSync(join(dir, `file-${i}`), '');
      for (let i = 0; i < 300; i++) mkdirSync(join(dir, `folder-${i}`));
      await remove(dir);
      assert.equal(existsSync(dir), false);
    });

    it('removes what two threads share, at any depth', async () => {
      const dir = join(base, 'shared');
      for (let i = 0; i < 600; i++) {
        mkdirSync(join(dir, `a/b/${i % 30}/${i}/c/d`), { recursive: true });
        writeFileSync(join(dir, `a/b/${i % 30}/${i}/c/file`), 'x');
      }
      writeFileSync(join(dir, 'a/file'), 'x');
      await remove(dir);
      assert.equal(existsSync(dir), false);
    });

    it('says which file it could not remove', { skip: process.geteuid?.() === 0 ? false : 'needs root' }, async () => {
      const dir = join(base, 'held');
      for (let i = 0; i < 600; i++) mkdirSync(join(dir, String(i), 'in'), { recursive: true });
      const held = join(dir, '17/in');
      assert.equal(spawnSync('mount', ['-t', 'tmpfs', 'none', held]).status, 0);
      try {
        await assert.rejects(remove(dir), { code: 'EBUSY' });
      } finally {
        spawnSync('umount', [held]);
      }
      await remove(dir);
      assert.equal(existsSync(dir), false);
    });

    it('removes folders whose paths are longer than what the kernel takes', async () => {
      const dir = join(base, 'deep');
      mkdirSync(dir);
      const name = 'n'.repeat(250);
      // Each is made at the top and what there is moved into it.
      for (let i = 0; i < 40; i++) {
        mkdirSync(join(dir, 'next'));
        if (i > 0) renameSync(join(dir, name), join(dir, 'next', name));
        renameSync(join(dir, 'next'), join(dir, name));
      }
      await remove(dir);
      assert.equal(existsSync(dir), false);
    });

    it('removes a file, and is content where there is nothing', async () => {
      const file = join(base, 'file');
      writeFileSync(file, 'x');
      await remove(file);
      await remove(file);
      assert.equal(existsSync(file), false);
    });
  });
}
