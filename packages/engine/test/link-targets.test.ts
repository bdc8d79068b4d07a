import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinkTargets } from '../src/layer/link-targets.js';
import type { FileEntry } from '../src/model/file-entry.js';

const file: FileEntry = { type: 'file', mode: 0o4755, uid: 70_000, gid: 3, size: 2 ** 40, mtimeNs: -5n };

test('a link has the metadata of the file, whatever they are, and leads to its first name', () => {
  const targets = new LinkTargets();
  const others: FileEntry[] = [
    { ...file, type: 'symlink', linkTarget: 'x' },
    { ...file, type: 'char', device: { major: 1, minor: 3 } },
    { ...file, xattrs: new Map([['user.a', new Uint8Array([1])]]) },
    { ...file, mtimeNs: 2n ** 70n },
  ];
  for (const [index, entry] of [file, ...others].entries()) {
    for (let more = 0; more < 100; more++) targets.add(`more/${index}/${more}`, file);
    targets.add(`first${index}`, entry);
    assert.deepEqual(targets.link(`second${index}`, `first${index}`), { entry, path: `first${index}` });
    assert.deepEqual(targets.link(`third${index}`, `second${index}`), { entry, path: `first${index}` });
  }
});

test('a first name that is another file, or none, is not led to', () => {
  const targets = new LinkTargets();
  targets.add('a', file);
  targets.link('b', 'a');
  targets.add('a', { ...file, size: 1 });
  assert.deepEqual(targets.link('c', 'b'), { entry: file, path: 'b' });
  targets.forget('a');
  assert.equal(targets.link('d', 'a'), undefined);
  assert.deepEqual(targets.link('e', 'c'), { entry: file, path: 'c' });
});

test('the first name may become a link to the second', () => {
  const targets = new LinkTargets();
  targets.add('a', file);
  targets.link('b', 'a');
  assert.deepEqual(targets.link('a', 'b'), { entry: file, path: 'b' });
});
