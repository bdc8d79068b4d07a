import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { watchDevices } from '../src/inplace/devices.js';
import { makeDevice } from '../src/sys/nodes.js';

const skip = process.geteuid?.() === 0 ? false : 'needs root';

test('devices and links are put back, what is new is removed, and the rest stays', { skip }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'varve-devices-'));
  const at = (name: string): string => join(dir, name);
  const shown = (): readonly string[] =>
    readdirSync(dir).map(name => {
      const { mode, uid, gid, rdev } = lstatSync(at(name));
      return `${name} ${mode.toString(8)} ${uid} ${gid} ${rdev} ${lstatSync(at(name)).isSymbolicLink() ? readlinkSync(at(name)) : ''}`;
    });
  try {
    for (const [index, name] of ['gone', 'chmod', 'other', 'file', 'folder', 'same'].entries()) {
      makeDevice(at(name), 'char', 0o600, { major: 1, minor: 3 + index });
      chmodSync(at(name), 0o666);
    }
    chownSync(at('gone'), 1, 2);
    for (const name of ['link', 'lost']) symlinkSync('/proc/self/fd', at(name));
    writeFileSync(at('kept'), 'kept');
    const before = shown();
    const back = watchDevices([dir]);
    for (const name of ['gone', 'other', 'file', 'folder', 'link', 'lost']) rmSync(at(name));
    chmodSync(at('chmod'), 0o600);
    makeDevice(at('other'), 'char', 0o666, { major: 1, minor: 9 });
    writeFileSync(at('file'), 'x');
    mkdirSync(join(dir, 'folder/in'), { recursive: true });
    symlinkSync('elsewhere', at('link'));
    mkdirSync(join(dir, 'new/in'), { recursive: true });
    back();
    assert.deepEqual(shown(), before);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
