import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, lstatSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  decodeDevice,
  encodeDevice,
  fileSystemType,
  getXattr,
  isNotPermitted,
  listXattrs,
  makeDevice,
  makeFifo,
  readXattrs,
  removeXattr,
  setTimes,
  setTimesOfOpen,
  setXattr,
} from '../src/sys/index.js';

const dir = mkdtempSync(join(tmpdir(), 'varve-sys-'));
after(() => rmSync(dir, { recursive: true }));
const isRoot = process.getuid?.() === 0;

function fresh(name: string): string {
  const path = join(dir, name);
  writeFileSync(path, 'x');
  return path;
}

test('xattrs are set, listed, read and removed', t => {
  const path = fresh('attrs');
  try {
    setXattr(path, 'user.b', Buffer.from([0, 255, 1]));
  } catch (error) {
    if (isNotPermitted(error)) return t.skip('no user xattrs on this file system');
    throw error;
  }
  setXattr(path, 'user.a', Buffer.alloc(0));
  assert.deepEqual([...listXattrs(path)].filter(name => name.startsWith('user.')).sort(), ['user.a', 'user.b']);
  assert.deepEqual(getXattr(path, 'user.b'), new Uint8Array([0, 255, 1]));
  assert.deepEqual(readXattrs(path)?.get('user.a'), new Uint8Array());
  removeXattr(path, 'user.b');
  removeXattr(path, 'user.b');
  assert.equal(getXattr(path, 'user.b'), undefined);
});

test('a link is never followed', () => {
  const target = fresh('target');
  const link = join(dir, 'link');
  symlinkSync(target, link);
  const before = lstatSync(target, { bigint: true });
  setTimes(link, 1_234_567_890_123_456_789n);
  assert.equal(lstatSync(link, { bigint: true }).mtimeNs, 1_234_567_890_123_456_789n);
  assert.equal(lstatSync(target, { bigint: true }).mtimeNs, before.mtimeNs);
});

test('times are exact to the nanosecond, before 1970 too', () => {
  const path = fresh('times');
  for (const time of [
    0n,
    1n,
    -1n,
    -5_000_000_000n,
    1_700_000_000_000_000_000n,
    1_700_000_000_999_999_999n,
    -86_400_000_000_001n,
  ]) {
    setTimes(path, time);
    assert.equal(lstatSync(path, { bigint: true }).mtimeNs, time);
    const fd = openSync(path, 'r+');
    setTimesOfOpen(fd, time + 3n);
    closeSync(fd);
    assert.equal(lstatSync(path, { bigint: true }).mtimeNs, time + 3n);
  }
});

test('names that are not UTF-8 reach the kernel as they are', () => {
  const path = Buffer.concat([Buffer.from(`${dir}/fifo`), Buffer.from([0xff])]);
  makeFifo(path, 0o600);
  assert.ok(lstatSync(path).isFIFO());
});

test('errors look like those of node:fs', () => {
  const path = join(dir, 'missing');
  assert.throws(() => setTimes(path, 5n), { code: 'ENOENT', syscall: 'utimensat', path });
  assert.throws(() => listXattrs(path), { code: 'ENOENT' });
  assert.throws(() => makeFifo(`${dir}/a\0b`, 0o600), { code: 'EINVAL' });
  assert.throws(() => makeFifo(`/${'x'.repeat(5000)}`, 0o600), { code: 'ENAMETOOLONG' });
});

test('device numbers', t => {
  for (const numbers of [
    { major: 1, minor: 3 },
    { major: 259, minor: 1048575 },
    { major: 4095, minor: 256 },
  ]) {
    assert.deepEqual(decodeDevice(encodeDevice(numbers)), numbers);
  }
  if (!isRoot) return t.skip('device nodes need root');
  const path = join(dir, 'device');
  makeDevice(path, 'char', 0o600, { major: 10, minor: 300 });
  assert.equal(execFileSync('stat', ['-c', '%F %t %T', path], { encoding: 'utf8' }), 'character special file a 12c\n');
  assert.deepEqual(decodeDevice(lstatSync(path, { bigint: true }).rdev), { major: 10, minor: 300 });
});

test('the file system has a name', () => {
  assert.equal(fileSystemType('/proc'), '0x9fa0');
  assert.match(fileSystemType(dir), /^[a-z0-9]+$/);
});
