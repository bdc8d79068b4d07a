import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { after, beforeEach, test } from 'node:test';
import { compileIgnore } from '@varve/dockerfile';
import { treeOfFolder } from '../src/kit/index.js';
import { scanFolder } from '../src/kit/scan-folder.js';
import { codeOf } from '../src/model/error.js';
import { setTimes } from '../src/sys/index.js';
import type { Tree } from '../src/tree/index.js';

const dir = mkdtempSync(`${tmpdir()}/varve-scan-`);
after(() => rmSync(dir, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(dir, { recursive: true });
  mkdirSync(`${dir}/src/lib`, { recursive: true });
  writeFileSync(`${dir}/src/a`, 'a');
  writeFileSync(`${dir}/src/lib/b`, 'bb');
  writeFileSync(`${dir}/top`, 'top');
});

const paths = (tree: Tree): readonly string[] => [...tree.walk()].map(({ path }) => path);

test('a folder with everything that a context can hold', async () => {
  linkSync(`${dir}/top`, `${dir}/src/top`);
  symlinkSync('src/../nowhere', `${dir}/link`);
  symlinkSync('src', `${dir}/dirlink`);
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0x41])]), '');
  chmodSync(`${dir}/top`, 0o4755);
  setTimes(`${dir}/top`, 1_234_567_890_123_456_789n);
  const server = createServer().listen(`${dir}/socket`);
  await once(server, 'listening');
  const tree = treeOfFolder(dir);
  server.close();
  assert.deepEqual(paths(tree), [
    '',
    'dirlink',
    'link',
    'src',
    'src/a',
    'src/lib',
    'src/lib/b',
    'src/top',
    'top',
    '\udcffA',
  ]);
  assert.deepEqual(tree.linkPeers('top'), ['src/top', 'top']);
  assert.equal(tree.entry('link')?.linkTarget, 'src/../nowhere');
  assert.deepEqual(tree.entry('top'), {
    type: 'file',
    mode: 0o4755,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
    size: 3,
    mtimeNs: 1_234_567_890_123_456_789n,
    linkGroup: tree.entry('src/top')?.linkGroup,
  });
});

test('ignored files are left out; a folder is there for the sake of what is kept in it', () => {
  const scope = (text: string): ReturnType<typeof compileIgnore>['root'] => compileIgnore(text).root;
  assert.deepEqual(paths(treeOfFolder(dir, scope('src'))), ['', 'top']);
  assert.deepEqual(paths(treeOfFolder(dir, scope('src\n!src/lib/b'))), ['', 'src', 'src/lib', 'src/lib/b', 'top']);
  assert.deepEqual(paths(treeOfFolder(dir, scope('src\n!src/lib/none'))), ['', 'top']);
  assert.deepEqual(paths(treeOfFolder(dir, scope('**/b\ntop'))), ['', 'src', 'src/a', 'src/lib']);
});

test('a directory that cannot hold anything kept is not even opened', () => {
  const opened: string[] = [];
  treeOfFolder(dir, {
    mayKeep: true,
    ignores: name => name === 'src',
    enter: name => {
      opened.push(name);
      return { mayKeep: false, ignores: () => assert.fail('it was read'), enter: () => assert.fail('it was entered') };
    },
  });
  assert.deepEqual(opened, ['src']);
});

test('what is no folder is an error of the file system', () => {
  assert.throws(
    () => treeOfFolder(`${dir}/none`),
    error => codeOf(error) === 'ENOENT',
  );
  assert.throws(
    () => treeOfFolder(`${dir}/top`),
    error => codeOf(error) === 'ENOTDIR',
  );
});

test('what vanishes or becomes something else between two looks is left out', () => {
  symlinkSync('src', `${dir}/link`);
  mkdirSync(`${dir}/src/deep/er`, { recursive: true });
  const scanned = scanFolder(dir);
  rmSync(`${dir}/src/a`);
  rmSync(`${dir}/src/deep`, { recursive: true });
  rmSync(`${dir}/src/lib`, { recursive: true });
  writeFileSync(`${dir}/src/lib`, 'a file now');
  rmSync(`${dir}/link`);
  writeFileSync(`${dir}/link`, 'no link any more');
  assert.deepEqual(paths(scanned.tree), ['', 'src', 'src/lib', 'top']);
  const again = scanFolder(dir);
  rmSync(dir, { recursive: true });
  assert.throws(
    () => again.tree,
    error => codeOf(error) === 'ENOENT',
  );
});
