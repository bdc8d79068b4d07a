import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { file, folder, lines, link, nowNs, type Transfer, transferred, treeWith } from './transfer-support.js';

const source = treeWith({
  f: file({ mode: 0o640, uid: 7, gid: 8 }),
  g: file(),
  'd/a': file({ mode: 0o755 }),
  'd/sub/b': file(),
  'd/sub': folder({ mode: 0o700 }),
  'd/to-a': link('a'),
  'd/dangling': link('/nowhere'),
  empty: folder(),
  'link-to-d': link('d'),
  'link-to-f': link('d/../f'),
});

const image = treeWith({
  'existing/inside': file(),
  existing: folder({ mode: 0o2700, uid: 5, gid: 6 }),
  'a-file': file(),
  'to-existing': link('existing'),
  'abs/to-existing': link('/existing'),
  'to-nothing': link('var/new'),
  'to-file': link('a-file'),
  'usr/bin/x': file(),
  bin: link('usr/bin'),
});

const copy = (line: string, more: Transfer = {}): Promise<readonly string[]> => lines(line, { source, image, ...more });

describe('a file', () => {
  it('becomes the destination, or goes into it where that is a directory', async () => {
    assert.deepEqual(await copy('COPY f /x'), ['x file 640 = /from/f']);
    assert.deepEqual(await copy('COPY f /existing'), ['existing/f file 640 = /from/f']);
    assert.deepEqual(await copy('COPY f /existing/'), ['existing/f file 640 = /from/f']);
    assert.deepEqual(await copy('COPY f /new/'), ['new directory 755', 'new/f file 640 = /from/f']);
    assert.deepEqual(await copy('COPY f /'), ['f file 640 = /from/f']);
  });

  it('replaces a file, and makes the directories that it needs', async () => {
    assert.deepEqual(await copy('COPY g /a-file'), ['a-file file 644 = /from/g']);
    assert.deepEqual(await copy('COPY g /n/m/x'), ['n directory 755', 'n/m directory 755', 'n/m/x file 644 = /from/g']);
  });

  it('goes where the working directory says', async () => {
    assert.deepEqual(await copy('COPY g x', { workingDir: '/usr' }), ['usr/x file 644 = /from/g']);
    assert.deepEqual(await copy('COPY g .', { workingDir: '/existing' }), ['existing/g file 644 = /from/g']);
    assert.deepEqual(await copy('COPY g ../y', { workingDir: '/usr/bin' }), ['usr/y file 644 = /from/g']);
    assert.deepEqual(await copy('COPY g ../../../../y', { workingDir: '/usr' }), ['y file 644 = /from/g']);
  });

  it('goes where links lead, and never through them out of the root', async () => {
    assert.deepEqual(await copy('COPY g /to-existing'), ['existing/g file 644 = /from/g']);
    assert.deepEqual(await copy('COPY g /abs/to-existing/z'), ['existing/z file 644 = /from/g']);
    assert.deepEqual(await copy('COPY g /bin/'), ['usr/bin/g file 644 = /from/g']);
    assert.deepEqual(await copy('COPY g /to-file'), ['a-file file 644 = /from/g']);
    assert.deepEqual(await copy('COPY g /to-nothing/'), [
      'var directory 755',
      'var/new directory 755',
      'var/new/g file 644 = /from/g',
    ]);
    const escaping = treeWith({ out: link('../../../etc') });
    assert.deepEqual(await copy('COPY g /out/', { image: escaping }), [
      'etc directory 755',
      'etc/g file 644 = /from/g',
    ]);
  });

  it('that is a link is what it leads to, under its own name', async () => {
    assert.deepEqual(await copy('COPY link-to-f /existing/'), ['existing/link-to-f file 640 = /from/f']);
  });

  it('below something that is no directory is refused, and so is one over a directory', async () => {
    await assert.rejects(copy('COPY g /a-file/x'), { code: 'E_COPY_NOT_DIRECTORY' });
    await assert.rejects(copy('COPY g /a-file/'), { code: 'E_COPY_NOT_DIRECTORY' });
    const withFolder = treeWith({ 'dest/g/x': file() });
    await assert.rejects(copy('COPY g /dest/', { image: withFolder }), { code: 'E_COPY_OVER_DIRECTORY' });
  });

  it('that runs in circles of links is refused', async () => {
    const circle = treeWith({ a: link('b'), b: link('a') });
    await assert.rejects(copy('COPY g /a/x', { image: circle }), { code: 'E_LINK_LOOP' });
  });
});

const inside = (at: string): readonly string[] => [
  `${at}/a file 755 = /from/d/a`,
  `${at}/dangling symlink 777 -> /nowhere`,
  `${at}/sub directory 700`,
  `${at}/sub/b file 644 = /from/d/sub/b`,
  `${at}/to-a symlink 777 -> a`,
];

describe('a directory', () => {
  it('gives its content, not itself', async () => {
    assert.deepEqual(await copy('COPY d /new'), ['new directory 755', ...inside('new')]);
    assert.deepEqual(await copy('COPY d /new/'), ['new directory 755', ...inside('new')]);
    assert.deepEqual(await copy('COPY d/. /existing'), ['existing directory 2700 5:6', ...inside('existing')]);
    assert.deepEqual(await copy('COPY link-to-d /to-existing'), ['existing directory 2700 5:6', ...inside('existing')]);
    assert.deepEqual(await copy('COPY empty /new'), ['new directory 755']);
  });

  it('gives the directory that it is copied to its time alone, and its mode to those inside', async () => {
    const changes = await copy('COPY d /dest', {
      image: treeWith({ dest: folder({ mode: 0o711 }), 'dest/sub/old': file() }),
    });
    assert.ok(changes.includes('dest directory 711'));
    // What the directory held stays: it is written, not replaced.
    assert.ok(changes.includes('dest/sub directory 700'));
  });

  it('over something else is refused, a link to a directory inside it as well', async () => {
    await assert.rejects(copy('COPY d /a-file'), { code: 'E_COPY_NOT_DIRECTORY' });
    for (const entry of [file(), link('elsewhere')])
      await assert.rejects(copy('COPY d /dest', { image: treeWith({ 'dest/sub': entry, elsewhere: folder() }) }), {
        code: 'E_COPY_NOT_DIRECTORY',
      });
    await assert.rejects(copy('COPY d /dest', { image: treeWith({ 'dest/a/x': file() }) }), {
      code: 'E_COPY_OVER_DIRECTORY',
    });
  });

  it('below a setgid one inherits group and bit', async () => {
    assert.deepEqual(await copy('COPY g /existing/n/x'), [
      'existing/n directory 2755 0:6',
      'existing/n/x file 644 = /from/g',
    ]);
    assert.deepEqual(await copy('COPY --chown=1:2 g /existing/n/x'), [
      'existing/n directory 2755 1:2',
      'existing/n/x file 644 1:2 = /from/g',
    ]);
  });

  it('that is new has the time of the step; what is copied keeps its own', async () => {
    const times = async (line: string): Promise<unknown[]> =>
      (await transferred(line, { source: treeWith({ g: file(), one: folder({ mtimeNs: 7n }), 'one/f': file() }) })).map(
        change => change.kind !== 'delete' && change.entry.mtimeNs,
      );
    assert.deepEqual(await times('COPY g /new/'), [nowNs, 1n]);
    assert.deepEqual(await times('COPY one /new/er'), [nowNs, 7n, 1n]);
  });
});

describe('sources', () => {
  it('are globs, of names that may match many', async () => {
    const tree = treeWith({
      'a.c': file(),
      'b.c': file(),
      'c.h': file(),
      'x/m.c': file(),
      'y/m.c': file(),
      'z/z/m.c': file(),
    });
    const paths = async (line: string): Promise<readonly string[]> =>
      (await copy(line, { source: tree, image: treeWith({}) })).map(it => it.split(' ')[0] as string);
    assert.deepEqual(await paths('COPY *.c /o/'), ['o', 'o/a.c', 'o/b.c']);
    assert.deepEqual(await paths('COPY [ab].? /o/'), ['o', 'o/a.c', 'o/b.c']);
    assert.deepEqual(await paths('COPY [^ab].? /o/'), ['o', 'o/c.h']);
    assert.deepEqual(await paths('COPY */m.c /o/'), ['o', 'o/m.c']);
    // A matched directory gives its content.
    assert.deepEqual(await paths('COPY z* /o/'), ['o', 'o/z', 'o/z/m.c']);
    assert.deepEqual(await paths('COPY nothing* /o/'), []);
  });

  it('that a pattern selects and that lead nowhere are missing', async () => {
    await assert.rejects(copy('COPY lo* /o/', { source: treeWith({ lost: link('no/where') }) }), {
      code: 'E_COPY_SOURCE_MISSING',
    });
  });

  it('come in the order of the line, the later over the earlier', async () => {
    const tree = treeWith({ 'one/x': file(), 'two/x': file({ mode: 0o600 }), 'two/y': file() });
    assert.deepEqual(await copy('COPY one two /o/', { source: tree, image: treeWith({}) }), [
      'o directory 755',
      'o/x file 600 = /from/two/x',
      'o/y file 644 = /from/two/y',
    ]);
    // A later source may contradict what an earlier one made.
    const crossed = treeWith({ 'one/x/y': file(), 'two/x': file() });
    await assert.rejects(copy('COPY one two /o/', { source: crossed, image: treeWith({}) }), {
      code: 'E_COPY_OVER_DIRECTORY',
    });
    await assert.rejects(copy('COPY two one /o/', { source: crossed, image: treeWith({}) }), {
      code: 'E_COPY_NOT_DIRECTORY',
    });
  });

  it('may be laid through a link that an earlier one brought', async () => {
    const tree = treeWith({ 'one/l': link('real'), 'two/l/f': file() });
    await assert.rejects(copy('COPY one two /o/', { source: tree, image: treeWith({}) }), {
      code: 'E_COPY_NOT_DIRECTORY',
    });
  });

  it('lead no higher than the root of what can be copied', async () => {
    for (const path of ['../g', 'd/../../g', '/../g', 'd/../g', '../../[g]'])
      assert.deepEqual(await copy(`COPY ${path} /x`), ['x file 644 = /from/g'], path);
    assert.deepEqual(await copy('COPY ../..x* /y'), []);
  });

  it('that lead out and are not there are told so', async () => {
    for (const path of ['../x', 'd/../../x', '/../x', './../x'])
      await assert.rejects(copy(`COPY ${path} /`), { code: 'E_COPY_OUTSIDE' }, path);
    await assert.rejects(copy('COPY d/../x /'), { code: 'E_COPY_SOURCE_MISSING' });
  });

  it('that are missing are named, with the nearest there is', async () => {
    const tree = treeWith({ 'src/main.c': file(), 'src/util.c': file(), void: folder() });
    for (const [path, hint] of [
      ['src/mian.c', /did you mean "src\/main.c"/],
      ['srd', /did you mean "src"/],
      ['void/x', /"void" is empty/],
      ['gone/x', /no folder "gone"/],
      ['src/completely-different', /"src" has main.c, util.c/],
    ] as const)
      await assert.rejects(
        copy(`COPY ${path} /`, { source: tree }),
        (error: { code?: string; hint?: string; message: string }) =>
          error.code === 'E_COPY_SOURCE_MISSING' && error.message.includes(path) && hint.test(error.hint ?? ''),
        path,
      );
  });

  it('leave out what is excluded', async () => {
    assert.deepEqual(await copy('COPY --exclude=sub --exclude=*a* d /existing'), ['existing directory 2700 5:6']);
    assert.deepEqual(await copy('COPY --exclude=**/b d /existing'), [
      'existing directory 2700 5:6',
      'existing/a file 755 = /from/d/a',
      'existing/dangling symlink 777 -> /nowhere',
      'existing/sub directory 700',
      'existing/to-a symlink 777 -> a',
    ]);
  });
});

describe('owners and modes', () => {
  const users = { passwd: 'root:x:0:0::/:\nweb:x:33:34::/:\n', group: 'root:x:0:\nstaff:x:50:\n' };
  const withUsers = treeWith({}, users);
  const owner = async (chown: string): Promise<string | undefined> =>
    (await copy(`COPY --chown=${chown} g /x`, { image: withUsers }))[0]?.split(' ')[3];

  it('are those of --chown in all its forms', async () => {
    assert.equal(await owner('1:2'), '1:2');
    assert.equal(await owner('5'), '5:5');
    assert.equal(await owner('web'), '33:34');
    assert.equal(await owner('web:staff'), '33:50');
    assert.equal(await owner('7:staff'), '7:50');
    assert.equal(await owner('web:9'), '33:9');
    assert.equal(await owner('root'), '=');
    await assert.rejects(owner('nobody'), { code: 'E_USER_UNKNOWN' });
    await assert.rejects(owner('web:nobody'), { code: 'E_USER_UNKNOWN' });
  });

  it("are root's for files of the user, and kept for those of stages and images", async () => {
    assert.deepEqual(await copy('COPY f /x'), ['x file 640 = /from/f']);
    assert.deepEqual(await copy('COPY --from=a f /x', { keepsOwners: true }), ['x file 640 7:8 = /from/f']);
    assert.deepEqual(await copy('COPY --from=a --chown=1:2 f /x', { keepsOwners: true }), ['x file 640 1:2 = /from/f']);
  });

  it('are those of --chmod, for everything but links', async () => {
    assert.deepEqual(await copy('COPY --chmod=u=rwX,go= d /existing'), [
      'existing directory 2700 5:6',
      'existing/a file 700 = /from/d/a',
      'existing/dangling symlink 777 -> /nowhere',
      'existing/sub directory 700',
      'existing/sub/b file 600 = /from/d/sub/b',
      'existing/to-a symlink 777 -> a',
    ]);
    await assert.rejects(copy('COPY --chmod=rwx g /x'), { code: 'E_VALUE_INVALID' });
  });
});

describe('hard links', () => {
  const linked = treeWith({
    'd/a': file({ linkGroup: 3 }),
    'd/b': file({ linkGroup: 3 }),
    'd/c': file({ linkGroup: 9 }),
    'd/e/f': file({ linkGroup: 9 }),
    'd/g': file(),
  });

  it('of a directory that is copied are kept, each group by itself', async () => {
    const changes = await copy('COPY d /x', { source: linked, image: treeWith({}) });
    const groups = new Map(changes.map(line => [line.split(' ')[0], /group (\d+)/.exec(line)?.[1]]));
    assert.equal(groups.get('x/a'), groups.get('x/b'));
    assert.equal(groups.get('x/c'), groups.get('x/e/f'));
    assert.notEqual(groups.get('x/a'), undefined);
    assert.notEqual(groups.get('x/a'), groups.get('x/c'));
    assert.equal(groups.get('x/g'), undefined);
  });

  it('do not reach from one source of the line to another', async () => {
    const changes = await copy('COPY d/a d/b /x/', { source: linked, image: treeWith({}) });
    const groups = changes.flatMap(line => /group (\d+)/.exec(line)?.[1] ?? []);
    assert.equal(new Set(groups).size, groups.length);
  });
});

describe('--link', () => {
  it('knows nothing of the image but its users', async () => {
    assert.deepEqual(await copy('COPY --link g /to-existing/x'), [
      'to-existing directory 755',
      'to-existing/x file 644 = /from/g',
    ]);
    assert.deepEqual(await copy('COPY --link g /a-file/x'), ['a-file directory 755', 'a-file/x file 644 = /from/g']);
    assert.deepEqual(await copy('COPY --link g /existing'), ['existing file 644 = /from/g']);
    const withUsers = treeWith({}, { passwd: 'web:x:33:34::/:\n', group: '' });
    assert.deepEqual(await copy('COPY --link --chown=web g /x', { image: withUsers }), ['x file 644 33:34 = /from/g']);
  });
});
