import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLayer } from '../src/layer/read.js';
import { TocCollector } from '../src/layer/toc.js';
import { capabilityV2 } from '../src/layer/write/final-entry.js';
import { writeLayerTar } from '../src/layer/write/write-layer-tar.js';
import type { Change } from '../src/model/change.js';
import type { LayerEntry } from '../src/model/toc.js';
import { chunked, directory, file, gather, listLayer, scratch, write, writeTar } from './layer-support.js';

type Write = Extract<LayerEntry, { kind: 'write' }>;

async function names(changes: readonly Change[]): Promise<string[]> {
  return (await listLayer(await writeTar(changes))).map(({ entry }) => `${entry.kind} ${entry.path}`);
}

test('every ancestor is in the layer, once, with the metadata of the tree', async () => {
  const changes = [
    write('tmp/a/x', file(), '1'),
    write('tmp/a/y', file(), '2'),
    write('tmp/b', file(), '3'),
    write('usr/c', file(), '4'),
  ];
  const asked: string[] = [];
  const tar = await writeTar(changes, {
    ancestor(path) {
      asked.push(path);
      return path === 'tmp' ? directory({ mode: 0o1777, uid: 5 }) : directory();
    },
  });
  const found = (await listLayer(tar)).map(({ entry }) => entry as Write);
  assert.deepEqual(
    found.map(({ path }) => path),
    ['tmp', 'tmp/a', 'tmp/a/x', 'tmp/a/y', 'tmp/b', 'usr', 'usr/c'],
  );
  assert.equal(found[0]?.entry.mode, 0o1777);
  assert.equal(found[0]?.entry.uid, 5);
  assert.deepEqual(asked, ['tmp', 'tmp/a', 'usr']);
});

test('an ancestor that the changes tell is taken from them', async () => {
  const changes: Change[] = [
    { kind: 'write', path: 'd', entry: directory({ mode: 0o700 }) },
    write('d/x', file(), '1'),
  ];
  const tar = await writeTar(changes, { ancestor: () => undefined });
  assert.deepEqual(
    (await listLayer(tar)).map(({ entry }) => (entry as Write).entry.mode),
    [0o700, 0o644],
  );
});

test('changes that make no tree are refused', async () => {
  const bad: Record<string, Change[]> = {
    'out of order': [write('b', file(), ''), write('a', file(), '')],
    'against the order of components': [write('a-b', file(), ''), write('a/b', file(), '')],
    'one path twice': [write('a', file(), ''), write('a', file(), '')],
    'below a file': [write('a', file(), ''), write('a/b', file(), '')],
    'a replaced file': [{ kind: 'replace', path: 'a', entry: file() }],
    'a deleted root': [{ kind: 'delete', path: '' }],
    'less content than it says': [
      { kind: 'write', path: 'a', entry: file({ size: 5 }), content: { kind: 'bytes', bytes: Buffer.from('1') } },
    ],
  };
  for (const [what, changes] of Object.entries(bad)) {
    const ancestor = (path: string) => (path === 'a' && what === 'below a file' ? file() : directory());
    await assert.rejects(writeTar(changes, { ancestor }), { code: 'E_CHANGES_INVALID' }, what);
  }
});

test('no changes are no layer', async () => {
  assert.equal((await writeTar([])).length, 0);
});

test('deletions and replaced directories have one form', async () => {
  const changes: Change[] = [
    { kind: 'delete', path: 'a/gone' },
    { kind: 'replace', path: 'b', entry: directory() },
    write('b/new', file(), 'x'),
  ];
  assert.deepEqual(await names(changes), ['write a', 'whiteout a/gone', 'write b', 'opaque b', 'write b/new']);
});

test('names that mark deletions are refused', async () => {
  for (const path of ['.wh.x', 'd/.wh..wh..opq']) {
    await assert.rejects(names([write(path, file(), 'x')]), { code: 'E_RESERVED_NAME', data: { path } });
  }
});

test('a link group has its content at the first path, and one set of metadata', async () => {
  const group = { linkGroup: 3 };
  const changes = [
    write('a', file({ ...group, mode: 0o600, uid: 1 }), 'data'),
    write('b', file({ ...group, mode: 0o777, uid: 2 }), 'data'),
    write('c', file({ type: 'symlink', linkTarget: 't', linkGroup: 9 })),
    write('d/e', file(group), 'data'),
    write('f', file({ type: 'symlink', linkTarget: 't', linkGroup: 9 })),
    write('g', file({ linkGroup: 4 }), 'alone'),
  ];
  const found = (await listLayer(await writeTar(changes))).map(({ entry }) => entry as Write);
  assert.deepEqual(
    found
      .map(({ path, linkTo, entry }) => [path, linkTo, entry.mode, entry.uid, entry.size])
      .filter(([path]) => path !== 'd'),
    [
      ['a', undefined, 0o600, 1, 4],
      ['b', 'a', 0o600, 1, 4],
      ['c', undefined, 0o644, file().uid, 0],
      ['d/e', 'a', 0o600, 1, 4],
      ['f', 'c', 0o644, file().uid, 0],
      ['g', undefined, 0o644, file().uid, 5],
    ],
  );
});

test('times are clamped, attributes of the machine dropped, capabilities in their second form', async () => {
  const v3 = Buffer.from('0100000300040000000000000000000000000000e8030000', 'hex');
  const xattrs = new Map<string, Uint8Array>([
    ['user.z', Buffer.from([0, 10, 255])],
    ['security.selinux', Buffer.from('label')],
    ['trusted.overlay.opaque', Buffer.from('y')],
    ['security.capability', v3],
    ['user.a', Buffer.from('')],
  ]);
  const tar = await writeTar([write('f', file({ mtimeNs: 2_000_000_000_000_000_001n, xattrs }), 'x')], {
    clampMtimeNs: 1_000n,
  });
  const [found] = (await listLayer(tar)).map(({ entry }) => (entry as Write).entry);
  assert.equal(found?.mtimeNs, 1_000n);
  assert.deepEqual([...(found?.xattrs?.keys() ?? [])], ['security.capability', 'user.a', 'user.z']);
  assert.equal(
    Buffer.from(found?.xattrs?.get('security.capability') ?? []).toString('hex'),
    '0100000200040000000000000000000000000000',
  );
  assert.deepEqual([...(found?.xattrs?.get('user.z') ?? [])], [0, 10, 255]);
});

test('capabilities: the first form gains its upper half, unknown ones stay', () => {
  assert.equal(
    Buffer.from(capabilityV2(Buffer.from('010000010004000000000000', 'hex'))).toString('hex'),
    `0100000200040000${'00'.repeat(12)}`,
  );
  const v2 = Buffer.from('0000000200040000000000000000000000000000', 'hex');
  assert.equal(capabilityV2(v2), v2);
  assert.deepEqual(capabilityV2(Buffer.from('xx')), Buffer.from('xx'));
});

test('extreme metadata survive', async () => {
  const entries = [
    file({ mode: 0, uid: 4_294_967_294, gid: 2_097_152, mtimeNs: -1n }),
    file({ mode: 0o7777, mtimeNs: 9_000_000_000_000_000_000n }),
    file({ mtimeNs: 1_700_000_000_000_000_000n, uid: 2_097_151 }),
    file({ type: 'char', device: { major: 4095, minor: 1_048_575 } }),
    file({ type: 'symlink', linkTarget: `\udcff/${'é'.repeat(200)}` }),
  ];
  const changes = entries.map((entry, i) => write(`${i}${'n'.repeat(i * 60)}\udc80`, entry));
  const found = await listLayer(await writeTar(changes));
  assert.deepEqual(
    found.map(({ entry }) => (entry as Write).entry),
    entries,
  );
  assert.deepEqual(
    found.map(({ entry }) => entry.path),
    changes.map(({ path }) => path),
  );
});

test('the visitor sees what a reader sees', async () => {
  const seen = new TocCollector();
  const group = { linkGroup: 1 };
  const changes: Change[] = [
    { kind: 'replace', path: 'etc', entry: directory() },
    write('etc/group', file(group), 'root:x:0:\n'),
    write('etc/passwd', file(group), 'root:x:0:\n'),
    { kind: 'delete', path: 'gone' },
    write('x', file({ xattrs: new Map([['user.a', new Uint8Array([1])]]), linkGroup: 8 }), 'y'.repeat(3_000_000)),
  ];
  const tar = await gather(writeLayerTar(changes, { ancestor: () => directory(), visitor: seen }));
  const read = new TocCollector();
  await readLayer(chunked(tar), read);
  assert.deepEqual(seen.toc(), read.toc());
});

function onDisk(dir: string, path: string, size: number): Change {
  return { kind: 'write', path, entry: file({ size }), content: { kind: 'path', path: join(dir, path) } };
}

test('files are read from disk, small and large, by names of any bytes', async () => {
  const dir = scratch();
  const sizes = [0, 1, 511, 512, 513, 1024 * 1024, 1024 * 1024 + 1, 5_000_000];
  const changes = sizes.map((size, i) => {
    writeFileSync(join(dir, `f${i}`), Buffer.alloc(size, i + 65));
    return onDisk(dir, `f${i}`, size);
  });
  const odd = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff])]);
  writeFileSync(odd, 'odd');
  const last: Change = {
    kind: 'write',
    path: '\udcff',
    entry: file({ size: 3 }),
    content: { kind: 'path', path: odd },
  };
  const found = await listLayer(await writeTar([...changes, last]));
  assert.deepEqual(
    found.map(({ content }) => content.length),
    [...sizes, 3],
  );
  assert.ok(
    found.every(
      ({ content }, i) => i === sizes.length || content === String.fromCharCode(i + 65).repeat(sizes[i] ?? 0),
    ),
  );
});

test('a file of another size than was said is written as it is', async () => {
  const dir = scratch();
  writeFileSync(join(dir, 'a'), 'grown since');
  writeFileSync(join(dir, 'b'), '');
  const found = await listLayer(await writeTar([onDisk(dir, 'a', 3), onDisk(dir, 'b', 100)]));
  assert.deepEqual(
    found.map(({ entry, content }) => [(entry as Write).entry.size, content]),
    [
      [11, 'grown since'],
      [0, ''],
    ],
  );
});

test('a large file that shrinks or grows while it is read has the size that was announced', async () => {
  const dir = scratch();
  const size = 6 * 1024 * 1024;
  for (const change of ['shrinks', 'grows'] as const) {
    const path = join(dir, change);
    writeFileSync(path, Buffer.alloc(size, 1));
    const unstable: string[] = [];
    const options = { ancestor: () => directory(), unstable: (it: string) => void unstable.push(it) };
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeLayerTar([onDisk(dir, change, size), write('z', file(), 'behind')], options)) {
      if (chunks.length === 0) change === 'shrinks' ? truncateSync(path, 100) : appendFileSync(path, 'more');
      chunks.push(chunk);
    }
    const found = await listLayer(Buffer.concat(chunks));
    assert.deepEqual(
      found.map(({ entry, content }) => [entry.path, content.length]),
      [
        [change, size],
        ['z', 6],
      ],
    );
    assert.deepEqual(unstable, [change]);
  }
});

test('a file that is gone is an error, or marked as deleted where that is asked for', async () => {
  const dir = scratch();
  symlinkSync('/etc/passwd', join(dir, 'b'));
  mkdirSync(join(dir, 'c'));
  writeFileSync(join(dir, 'd'), 'still here');
  const changes = [
    ...['a', 'b', 'c'].map(name => onDisk(dir, name, 5)),
    { ...onDisk(dir, 'd', 10), path: 'd', entry: file({ size: 10, linkGroup: 1 }) } as Change,
  ];
  for (const name of ['a', 'b', 'c']) {
    await assert.rejects(writeTar([onDisk(dir, name, 5)]), { code: 'E_FILE_VANISHED', data: { path: name } });
  }
  const found = await listLayer(await writeTar(changes, { vanished: 'whiteout' }));
  assert.deepEqual(
    found.map(({ entry, content }) => `${entry.kind} ${entry.path} ${content}`),
    ['whiteout a ', 'whiteout b ', 'whiteout c ', 'write d still here'],
  );
  rmSync(join(dir, 'd'));
});
