import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DownloadedFile } from '../src/plugin/index.js';
import {
  file,
  folder,
  hardLink,
  lines,
  link,
  member,
  nowNs,
  type Transfer,
  transferred,
  treeWith,
} from './transfer-support.js';

describe('heredocs', () => {
  it('are files of root, 0644, with the time of the step', async () => {
    const line = 'COPY <<one.txt <<"two.txt" /d/\nfirst\none.txt\nsecond\ntwo.txt';
    assert.deepEqual(await lines(line), [
      'd directory 755',
      'd/one.txt file 644 = first\n',
      'd/two.txt file 644 = second\n',
    ]);
    const [change] = await transferred('COPY <<E /f\nab\nE');
    assert.ok(change?.kind === 'write');
    assert.equal(change.entry.mtimeNs, nowNs);
    assert.equal(change.entry.size, 3);
  });

  it('take owner and mode, and come behind the other sources', async () => {
    const source = treeWith({ one: file({ mode: 0o600 }) });
    assert.deepEqual(await lines('COPY --chown=1:2 --chmod=700 <<one one /d/\nx\none', { source }), [
      'd directory 700 1:2',
      'd/one file 700 1:2 = x\n',
    ]);
  });

  it('over a directory are refused', async () => {
    const image = treeWith({ 'd/E/x': file() });
    await assert.rejects(lines('COPY <<E /d/\nx\nE', { image }), { code: 'E_COPY_OVER_DIRECTORY' });
  });
});

describe('addresses', () => {
  const downloaded: DownloadedFile = {
    path: '/tmp/download',
    size: 9,
    digest: 'sha256:x',
    name: 'tool.tar',
    mtimeNs: 77n,
  };
  const url = 'http://x.test/tool.tar';
  const archives = { '/tmp/download': [member('inside', file(), '/tmp/inside')] };

  it('are files of root, 0600, with the name and the time that the server says', async () => {
    assert.deepEqual(await lines(`ADD ${url} /d/`, { downloads: [downloaded] }), [
      'd directory 755',
      'd/tool.tar file 600 = /tmp/download',
    ]);
    const [change] = await transferred(`ADD ${url} /renamed`, { downloads: [downloaded] });
    assert.ok(change?.kind === 'write' && change.path === 'renamed');
    assert.equal(change.entry.mtimeNs, 77n);
    assert.equal(change.entry.size, 9);
    assert.deepEqual(await lines(`ADD --chown=3 --chmod=755 ${url} /x`, { downloads: [downloaded] }), [
      'x file 755 3:3 = /tmp/download',
    ]);
  });

  it('are unpacked only where that is said', async () => {
    assert.deepEqual(await lines(`ADD ${url} /x`, { downloads: [downloaded], archives }), [
      'x file 600 = /tmp/download',
    ]);
    assert.deepEqual(await lines(`ADD --unpack=true ${url} /x`, { downloads: [downloaded], archives }), [
      'x directory 755',
      'x/inside file 644 = /tmp/inside',
    ]);
  });

  it('and paths stand in the order of the line', async () => {
    const source = treeWith({ same: file() });
    const given: Transfer = { source, downloads: [{ ...downloaded, name: 'same' }] };
    assert.deepEqual((await lines(`ADD same ${url} /d/`, given)).at(-1), 'd/same file 600 = /tmp/download');
    assert.deepEqual((await lines(`ADD ${url} same /d/`, given)).at(-1), 'd/same file 644 = /from/same');
  });
});

describe('archives', () => {
  const source = treeWith({ 'a.tar': file(), 'plain.txt': file(), 'd/b.tar': file() });
  const add = (
    members: ReturnType<typeof member>[],
    more: Transfer = {},
    line = 'ADD a.tar /x',
  ): Promise<readonly string[]> => lines(line, { source, archives: { '/from/a.tar': members }, ...more });

  it('are unpacked by ADD alone, where they are archives, and not where that is said', async () => {
    const members = [member('f', file({ uid: 3, gid: 4, mode: 0o4755 }), '/t/f')];
    const unpacked = ['x directory 755', 'x/f file 4755 3:4 = /t/f'];
    assert.deepEqual(await add(members), unpacked);
    assert.deepEqual(await add(members, {}, 'COPY a.tar /x'), ['x file 644 = /from/a.tar']);
    assert.deepEqual(await add(members, {}, 'ADD --unpack=false a.tar /x'), ['x file 644 = /from/a.tar']);
    assert.deepEqual(await add(members, {}, 'ADD plain.txt a.tar /x/'), [
      ...unpacked,
      'x/plain.txt file 644 = /from/plain.txt',
    ]);
    // One inside a directory that is copied stays one.
    const inner = { archives: { '/from/d/b.tar': members } };
    assert.deepEqual(await add([], inner, 'ADD d /x'), ['x directory 755', 'x/b.tar file 644 = /from/d/b.tar']);
  });

  it('keep their owners and modes whatever --chown says; the folder is the one that takes it', async () => {
    assert.deepEqual(await add([member('f', file({ uid: 3, gid: 4 }), '/t/f')], {}, 'ADD --chown=9:9 a.tar /x'), [
      'x directory 755 9:9',
      'x/f file 644 3:4 = /t/f',
    ]);
  });

  it('merge directories and replace everything else', async () => {
    const image = treeWith({
      'x/dir/old': file(),
      'x/was-dir/old': file(),
      'x/was-link': link('dir'),
      'x/was-file': file(),
    });
    const members = [
      member('dir', folder({ mode: 0o700 })),
      member('was-dir', file(), '/t/1'),
      member('was-link', folder()),
      member('was-link/f', file(), '/t/2'),
      member('was-file', folder()),
    ];
    assert.deepEqual(await add(members, { image }), [
      'x/dir directory 700',
      'x/was-dir file 644 = /t/1',
      'replace x/was-file directory 755',
      'replace x/was-link directory 755',
      'x/was-link/f file 644 = /t/2',
    ]);
  });

  it('follow links on the way to a member, inside the root', async () => {
    const image = treeWith({ 'x/lib': link('../usr/lib'), 'usr/lib/old': file(), 'x/out': link('../../../../etc') });
    const members = [member('lib/f', file(), '/t/1'), member('out/passwd', file(), '/t/2')];
    assert.deepEqual(await add(members, { image }), [
      'etc directory 755',
      'etc/passwd file 644 = /t/2',
      'usr/lib/f file 644 = /t/1',
    ]);
    // Links that the archive itself brings are followed just the same.
    const own = [member('l', link('/etc')), member('l/f', file(), '/t/3')];
    assert.deepEqual(await add(own), [
      'etc directory 755',
      'etc/f file 644 = /t/3',
      'x directory 755',
      'x/l symlink 777 -> /etc',
    ]);
  });

  it('make directories that they do not name', async () => {
    assert.deepEqual(await add([member('a/b/f', file(), '/t/f')]), [
      'x directory 755',
      'x/a directory 755',
      'x/a/b directory 755',
      'x/a/b/f file 644 = /t/f',
    ]);
  });

  it('keep hard links, of several names and in a chain', async () => {
    const members = [
      member('f', file(), '/t/f'),
      hardLink('g', 'f'),
      hardLink('h', 'g'),
      member('other', file(), '/t/o'),
    ];
    const changes = await add(members);
    const groups = changes.slice(1).map(line => /group (\d+)/.exec(line)?.[1]);
    assert.equal(new Set(groups.slice(0, 3)).size, 1);
    assert.notEqual(groups[0], undefined);
    assert.equal(groups[3], undefined);
    assert.ok(changes.slice(1, 4).every(line => line.endsWith('= /t/f')));
  });

  it('keep the groups of two archives apart', async () => {
    const both = treeWith({ 'a.tar': file(), 'b.tar': file() });
    const archive = (name: string) => [member(name, file(), `/t/${name}`), hardLink(`${name}2`, name)];
    const changes = await lines('ADD a.tar b.tar /x/', {
      source: both,
      archives: { '/from/a.tar': archive('a'), '/from/b.tar': archive('b') },
    });
    const groups = new Map(changes.map(line => [line.split(' ')[0], /group (\d+)/.exec(line)?.[1]]));
    assert.equal(groups.get('x/a'), groups.get('x/a2'));
    assert.equal(groups.get('x/b'), groups.get('x/b2'));
    assert.notEqual(groups.get('x/a'), groups.get('x/b'));
  });

  it('with a hard link to nothing of theirs are refused', async () => {
    const image = treeWith({ 'etc/shadow': file() });
    await assert.rejects(add([hardLink('mine', '../etc/shadow')], { image }), { code: 'E_ARCHIVE_INVALID' });
    await assert.rejects(add([hardLink('mine', 'gone')]), { code: 'E_ARCHIVE_INVALID' });
  });

  it('of which a later member contradicts an earlier one say what the later one says', async () => {
    const members = [member('a', file(), '/t/1'), member('a', folder()), member('a/b', file(), '/t/2')];
    assert.deepEqual(await add(members), ['x directory 755', 'replace x/a directory 755', 'x/a/b file 644 = /t/2']);
    assert.deepEqual(await add([...members, member('a', link('z'))]), ['x directory 755', 'x/a symlink 777 -> z']);
  });
});

describe('WORKDIR', () => {
  const workdir = (line: string, image = treeWith({}), user = ''): Promise<readonly string[]> =>
    lines(line, { image, user });

  it('makes what is missing, and nothing where nothing is', async () => {
    assert.deepEqual(await workdir('WORKDIR /a/b'), ['a directory 755', 'a/b directory 755']);
    assert.deepEqual(await workdir('WORKDIR /a', treeWith({ a: folder() })), []);
    assert.deepEqual(await workdir('WORKDIR /l/x', treeWith({ l: link('real') })), [
      'real directory 755',
      'real/x directory 755',
    ]);
    await assert.rejects(workdir('WORKDIR /f', treeWith({ f: file() })), { code: 'E_COPY_NOT_DIRECTORY' });
  });

  it('gives it to the user in force', async () => {
    const image = treeWith({}, { passwd: 'web:x:33:34::/:\n', group: '' });
    assert.deepEqual(await workdir('WORKDIR /a', image, 'web'), ['a directory 755 33:34']);
    assert.deepEqual(await workdir('WORKDIR /a', image, 'nobody'), ['a directory 755']);
  });
});
