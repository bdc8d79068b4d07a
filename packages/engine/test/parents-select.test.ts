import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure } from './planning-support.js';
import { file, folder, lines, link, treeWith } from './transfer-support.js';

const source = treeWith({
  'a/b': folder({ mode: 0o700 }),
  'a/b/c/f.txt': file(),
  'a/b/g.txt': file(),
  'a/h.go': file(),
  'x/y/i.txt': file(),
  'top.txt': file(),
  la: link('a'),
});
/** Only names and types: `a/`, `a/f`. */
const names = async (line: string): Promise<readonly string[]> =>
  (await lines(line, { source })).map(text =>
    text.replace(/^(\S+) (\w).*/, (_, path, type) => path + (type === 'd' ? '/' : '')),
  );

describe('COPY --parents', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['a/b/c/f.txt /p/', ['p/', 'p/a/', 'p/a/b/', 'p/a/b/c/', 'p/a/b/c/f.txt']],
    ['./top.txt /p/', ['p/', 'p/top.txt']],
    ['a/b /p', ['p/', 'p/a/', 'p/a/b/', 'p/a/b/c/', 'p/a/b/c/f.txt', 'p/a/b/g.txt']],
    ['*/*.go /p/', ['p/', 'p/a/', 'p/a/h.go']],
    ['**/i.txt /p/', ['p/', 'p/x/', 'p/x/y/', 'p/x/y/i.txt']],
    ['a/./b/*/f.txt /p/', ['p/', 'p/b/', 'p/b/c/', 'p/b/c/f.txt']],
    ['a/b/./g.txt /p/', ['p/', 'p/g.txt']],
    ['*/./*/g.txt /p/', ['p/', 'p/b/', 'p/b/g.txt']],
    ['--exclude=**/c **/b /p', ['p/', 'p/a/', 'p/a/b/', 'p/a/b/g.txt']],
    ['la /p/', ['p/', 'p/la']],
    ['nothing/* /p/', ['p/']],
  ];
  for (const [line, expected] of cases)
    it(line, async () => {
      assert.deepEqual(await names(`COPY --parents ${line}`), expected);
    });

  it('needs a path without wildcards, and follows no link on the way to it', async () => {
    for (const path of ['nope', 'a/./nope', 'la/b/g.txt'])
      await assert.rejects(names(`COPY --parents ${path} /p/`), failure('E_COPY_SOURCE_MISSING'));
  });

  it('gives folders on the way the modes of the source, and keeps the owners of those that are there', async () => {
    const image = treeWith({ p: folder(), 'p/a': folder({ mode: 0o711, uid: 9, gid: 9 }) });
    assert.deepEqual(await lines('COPY --parents --chown=5 a/b/g.txt /p/', { source, image }), [
      'p/a directory 755 9:9',
      'p/a/b directory 700 5:5',
      'p/a/b/g.txt file 644 5:5 = /from/a/b/g.txt',
    ]);
  });
});

describe('COPY --exclude', () => {
  it('leaves out by paths from the folder that is copied', async () => {
    assert.deepEqual(await names('COPY --exclude=c --exclude=*.txt a/b /p/'), ['p/']);
    assert.deepEqual(await names('COPY --exclude=b/c a /p/'), ['p/', 'p/b/', 'p/b/g.txt', 'p/h.go']);
    assert.deepEqual(await names('COPY --exclude=a/b/c a /p/'), [
      ...['p/', 'p/b/', 'p/b/c/', 'p/b/c/f.txt', 'p/b/g.txt', 'p/h.go'],
    ]);
  });

  it('finds exceptions below a folder that is left out', async () => {
    assert.deepEqual(await names('COPY --exclude=b --exclude=!b/c a /p/'), [
      ...['p/', 'p/b/', 'p/b/c/', 'p/b/c/f.txt', 'p/h.go'],
    ]);
  });
});

describe('COPY --link', () => {
  const image = treeWith({ 'var/run': link('/run'), tmp: folder({ mode: 0o1777 }) });
  it('follows no link of the image and takes no mode from it', async () => {
    const linked = await lines('COPY --link top.txt /var/run/', { source, image });
    assert.deepEqual(linked.slice(-3), [
      'var directory 755',
      'var/run directory 755',
      'var/run/top.txt file 644 = /from/top.txt',
    ]);
    assert.ok((await lines('COPY --link top.txt /tmp/', { source, image })).includes('tmp directory 755'));
  });
  it('is an ordinary copy together with --chmod, as in BuildKit', async () => {
    assert.deepEqual(await lines('COPY --link --chmod=600 top.txt /var/run/t', { source, image }), [
      'run directory 600',
      'run/t file 600 = /from/top.txt',
    ]);
  });
});

describe('sources that do not fit', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['COPY https://h/x /x', '2:6'],
    ['COPY git@h:r.git /x', '2:6'],
    ['ADD --checksum=sha256:00 http://h/x /x', '2:16'],
    ['ADD --checksum=zz http://h/x.git /x', '2:16'],
    [`ADD --checksum=sha256:${'0'.repeat(64)} top.txt /x`, '2:16'],
    [`ADD --checksum=sha256:${'0'.repeat(64)} http://h/x http://h/y /x/`, '2:16'],
    ['ADD --keep-git-dir http://h/x.git?keep-git-dir=false /x', '2:20'],
    ['ADD --checksum=abcd http://h/x.git?checksum=abce /x', '2:21'],
  ];
  for (const [line, place] of refused)
    it(line, async () => {
      await assert.rejects(lines(line, { source }), failure('E_VALUE_INVALID', place));
    });
});
