import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { scanFolder } from '../src/kit/scan-folder.js';
import type { Memory } from '../src/plugin/index.js';
import { digestOfKnown, digestsOfKnown } from '../src/sources/known-contents.js';

/** Longer than what counts as "just before": files of this age can be trusted. */
const settled = 60;

function memory(): Memory & { readonly notes: Map<string, Uint8Array> } {
  const notes = new Map<string, Uint8Array>();
  return {
    notes,
    recall: names => Promise.resolve(names.map(name => notes.get(name))),
    remember: written => {
      for (const { name, value } of written) notes.set(name, value);
      return Promise.resolve();
    },
  };
}

describe('what is known of the files of a folder', () => {
  let dir: string;
  let read: string[];
  const known = memory();
  const sha256 = (path: string): string =>
    createHash('sha256')
      .update(readFileSync(join(dir, path)))
      .digest('hex');
  const digests = (paths: readonly string[]): Promise<readonly (string | null)[]> => {
    read = [];
    return digestsOfKnown(paths, { dir, evidence: scanFolder(dir).evidence }, known, unknown => {
      read.push(...unknown);
      return Promise.resolve(unknown.map(sha256));
    });
  };

  beforeEach(async () => {
    known.notes.clear();
    dir = mkdtempSync(join(tmpdir(), 'varve-known-'));
    mkdirSync(join(dir, 'sub'));
    for (const name of ['a', 'b', 'sub/c', 'sub/d']) writeFileSync(join(dir, name), `content of ${name}`);
    await sleep(settled);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('reads a file once, and gives its digest again', async () => {
    const all = ['a', 'b', 'sub/c', 'sub/d'];
    const first = await digests(all);
    assert.deepEqual(read, all);
    assert.deepEqual(await digests(all), first);
    assert.deepEqual(read, []);
    assert.deepEqual(first, all.map(sha256));
    assert.deepEqual(await digests(['sub/c']), [sha256('sub/c')]);
    assert.deepEqual(read, []);
  });

  it('reads what changed, though size and time of modification were put back, and nothing else', async () => {
    await digests(['a', 'b', 'sub/c']);
    const before = statSync(join(dir, 'b'));
    writeFileSync(join(dir, 'b'), 'content of B');
    utimesSync(join(dir, 'b'), before.atime, before.mtime);
    await sleep(settled);
    assert.deepEqual(await digests(['a', 'b', 'sub/c']), ['a', 'b', 'sub/c'].map(sha256));
    assert.deepEqual(read, ['b']);
    await digests(['a', 'b', 'sub/c']);
    assert.deepEqual(read, []);
  });

  it('never trusts a file that changed just before it was looked at', async () => {
    writeFileSync(join(dir, 'a'), 'one');
    await digests(['a']);
    await digests(['a']);
    assert.deepEqual(read, ['a']);
    await sleep(settled);
    await digests(['a']);
    assert.deepEqual(read, ['a']);
    await digests(['a']);
    assert.deepEqual(read, []);
  });

  it('remembers other files of a directory when only some are asked for, and forgets those that are gone', async () => {
    await digests(['sub/c', 'sub/d']);
    rmSync(join(dir, 'sub/d'));
    writeFileSync(join(dir, 'sub/c'), 'new');
    await sleep(settled);
    await digests(['sub/c']);
    assert.deepEqual(read, ['sub/c']);
    assert.ok(![...known.notes.values()].some(value => Buffer.from(value).includes('\u0001\u0000d')));
  });

  it('takes a damaged note for none', async () => {
    await digests(['a']);
    for (const [name, value] of known.notes) known.notes.set(name, value.subarray(0, value.length - 3));
    assert.deepEqual(await digests(['a']), [sha256('a')]);
    assert.deepEqual(read, ['a']);
  });

  it('gives the digest of a selection again as long as nothing in the folder changed', async () => {
    let computed = 0;
    const digest = (selection: string): Promise<string> =>
      digestOfKnown(selection, { dir, evidence: scanFolder(dir).evidence }, known, () =>
        Promise.resolve(`${selection} ${++computed}`),
      );
    assert.equal(await digest('x'), 'x 1');
    assert.equal(await digest('x'), 'x 1');
    assert.equal(await digest('y'), 'y 2');
    const changes: readonly (() => void)[] = [
      () => writeFileSync(join(dir, 'sub/c'), 'content of sub/C'),
      () => rmSync(join(dir, 'a')),
      () => symlinkSync('b', join(dir, 'a')),
      () => mkdirSync(join(dir, 'new')),
    ];
    for (const change of changes) {
      const before = await digest('x');
      change();
      await sleep(settled);
      const after = await digest('x');
      assert.notEqual(after, before);
      assert.equal(await digest('x'), after);
    }
  });
});
