import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Evidence, UnpackObserver } from '../src/layer/unpack/observer.js';
import { type UnpackTarget, unpackLayer } from '../src/layer/unpack/unpack-layer.js';
import type { TreePath } from '../src/model/path.js';
import { onDisk } from '../src/path/bytes.js';
import { getXattr, isNotPermitted, setXattr } from '../src/sys/index.js';
import { statxAt } from '../src/sys/statx.js';
import { chunked, isRoot, item, scan, scratch, tarOf } from './layer-support.js';

const invalid = { code: 'E_LAYER_INVALID' };
const needsRoot = isRoot ? false : 'needs root';
const base = scratch();

function emptyRoot(): string {
  return mkdtempSync(join(base, 'root-'));
}

function unpack(dir: string, tar: Buffer, more: Partial<UnpackTarget> = {}) {
  return unpackLayer(chunked(tar, 700), { dir, canChown: isRoot, ...more });
}

test('no link is ever followed: one in the way of an entry gives way to a directory', async () => {
  const [dir, outside] = [emptyRoot(), scratch()];
  symlinkSync(outside, join(dir, 'lower'));
  await unpack(
    dir,
    tarOf(
      item({ path: 'lower/evil' }, 'x'),
      item({ path: 'own', flag: '2', link: outside }),
      item({ path: 'own/evil' }, 'x'),
      item({ path: 'a/', mode: 0o700 }),
      item({ path: 'a', flag: '2', link: '..' }),
      item({ path: 'a/b/evil' }, 'x'),
      item({ path: 'file', flag: '2', link: join(outside, 'evil') }),
      item({ path: 'file' }, 'x'),
      item({ path: 'dir', flag: '2', link: outside }),
      item({ path: 'dir/', mode: 0o700 }),
    ),
  );
  assert.deepEqual(readdirSync(outside), []);
  assert.equal(statSync(outside).mode & 0o777, 0o700, 'the folder outside keeps its mode');
  for (const made of ['lower/evil', 'own/evil', 'a/b/evil', 'file']) {
    assert.ok(lstatSync(join(dir, made)).isFile(), made);
  }
  assert.ok(lstatSync(join(dir, 'dir')).isDirectory());
});

test('whiteouts and opaque marks do not reach through links either', async () => {
  const [dir, outside] = [emptyRoot(), scratch()];
  writeFileSync(join(outside, 'precious'), '');
  symlinkSync(outside, join(dir, 'link'));
  await unpack(dir, tarOf(item({ path: 'link/.wh.precious' }), item({ path: 'link/.wh..wh..opq' })));
  assert.ok(existsSync(join(outside, 'precious')));
  await unpack(dir, tarOf(item({ path: '.wh.link' })));
  assert.ok(existsSync(join(outside, 'precious')) && !existsSync(join(dir, 'link')));
});

test('hard links stay inside', async () => {
  const [dir, outside] = [emptyRoot(), scratch()];
  writeFileSync(join(outside, 'secret'), 'secret');
  symlinkSync(outside, join(dir, 'out'));
  mkdirSync(join(dir, 'folder'));
  const cases = {
    'to what is not in the root': '/etc/passwd',
    'through a link': 'out/secret',
    'to a directory': 'folder',
    'to nothing': 'nowhere',
    'to what is below itself': 'x/y',
  };
  for (const [what, link] of Object.entries(cases)) {
    const tar = tarOf(item({ path: 'x/y' }), item({ path: 'x', flag: '1', link }));
    await assert.rejects(unpack(dir, tar), invalid, what);
  }
  await unpack(dir, tarOf(item({ path: 'hard', flag: '1', link: 'out' })));
  assert.equal(readlinkSync(join(dir, 'hard')), outside, 'a link to a symbolic link is one to the link itself');
});

test('a layer over another: replaced, deleted, hidden', async () => {
  const dir = emptyRoot();
  await unpack(
    dir,
    tarOf(
      item({ path: 'kept' }, 'lower'),
      item({ path: 'dir/a' }, '1'),
      item({ path: 'dir/b' }, '2'),
      item({ path: 'opaque/' }),
      item({ path: 'opaque/sub/x' }, '3'),
      item({ path: 'opaque/sub/y' }, '4'),
      item({ path: 'becomes-dir' }, '5'),
      item({ path: 'becomes-file/deep/x' }, '6'),
      item({ path: 'changed' }, 'long content'),
    ),
  );
  await unpack(
    dir,
    tarOf(
      item({ path: 'becomes-dir/' }),
      item({ path: 'becomes-dir/in' }, '7'),
      item({ path: 'becomes-file' }, '8'),
      item({ path: 'changed' }, 'short'),
      item({ path: 'dir/.wh.a' }),
      item({ path: 'dir/.wh.never-was' }),
      item({ path: 'opaque/sub/x' }, 'new'),
      item({ path: 'opaque/.wh..wh..opq' }),
      item({ path: 'missing/.wh.x' }),
    ),
  );
  const found = scan(dir);
  assert.deepEqual([...found.keys()].sort(), [
    '',
    'becomes-dir',
    'becomes-dir/in',
    'becomes-file',
    'changed',
    'dir',
    'dir/b',
    'kept',
    'opaque',
    'opaque/sub',
    'opaque/sub/x',
  ]);
  assert.equal(readFileSync(join(dir, 'opaque/sub/x'), 'utf8'), 'new');
  assert.equal(readFileSync(join(dir, 'changed'), 'utf8'), 'short');
});

test('a whiteout never hides what its own layer wrote, wherever it stands', async () => {
  for (const whiteoutFirst of [true, false]) {
    const dir = emptyRoot();
    await unpack(
      dir,
      tarOf(item({ path: 'd/', mode: 0o711 }), item({ path: 'd/old' }, '1'), item({ path: 'f' }, 'old')),
    );
    const [mark, rest] = [
      [item({ path: '.wh.d' }), item({ path: '.wh.f' })],
      [item({ path: 'd/new' }, '2'), item({ path: 'f' }, 'new')],
    ];
    await unpack(dir, tarOf(...(whiteoutFirst ? [...mark, ...rest] : [...rest, ...mark])));
    assert.deepEqual([...scan(dir).keys()], ['', 'd', 'd/new', 'f']);
    assert.equal(
      lstatSync(join(dir, 'd')).mode & 0o777,
      0o755,
      'the new directory is one that the layer did not mention',
    );
    assert.equal(readFileSync(join(dir, 'f'), 'utf8'), 'new');
  }
});

test('metadata are those of the layer', { skip: needsRoot }, async () => {
  const dir = emptyRoot();
  const xattrs = new Map([
    ['security.capability', Uint8Array.from([1, 0, 0, 2, 0, 4, 0, 0, ...new Array(12).fill(0)])],
  ]);
  const times = { mtimeNs: 1_600_000_000_123_456_789n };
  await unpack(
    dir,
    tarOf(
      item({ path: 'shared/', mode: 0o2775, gid: 50, ...times }),
      item({ path: 'shared/root-owned', mode: 0o600, uid: 0, gid: 0, ...times }, 'x'),
      item({ path: 'setuid', mode: 0o6755, uid: 3, gid: 4, ...times }, 'x'),
      item({ path: 'sticky/', mode: 0o1777, uid: 70_000, gid: 70_001, ...times }),
      item({ path: 'open', mode: 0o666 }, 'x'),
      item({ path: 'none', mode: 0 }, 'x'),
      item({ path: 'ping', mode: 0o755, uid: 9, xattrs, ...times }, 'x'),
      item({ path: 'link', flag: '2', link: 'ping', mode: 0o777, uid: 7, gid: 8, ...times }),
      item({ path: 'null', flag: '3', device: { major: 1, minor: 3 }, mode: 0o666, ...times }),
      item({ path: 'loop', flag: '4', device: { major: 7, minor: 300 }, mode: 0o660, gid: 6 }),
      item({ path: 'pipe', flag: '6', mode: 0o622, ...times }),
      item({ path: 'hard', flag: '1', link: 'setuid' }),
    ),
  );
  const found = scan(dir);
  const of = (path: TreePath) =>
    found.get(path) as { mode: string; uid: number; gid: number; mtimeNs: bigint; xattrs?: unknown };
  const facts = (path: TreePath) => [of(path).mode, of(path).uid, of(path).gid, of(path).mtimeNs];
  assert.deepEqual(facts('shared'), ['42775', 0, 50, times.mtimeNs]);
  assert.deepEqual(facts('shared/root-owned'), ['100600', 0, 0, times.mtimeNs]);
  assert.deepEqual(facts('setuid'), ['106755', 3, 4, times.mtimeNs]);
  assert.deepEqual(facts('hard'), facts('setuid'));
  assert.deepEqual(facts('sticky'), ['41777', 70_000, 70_001, times.mtimeNs]);
  assert.deepEqual(facts('open'), ['100666', 0, 0, 0n]);
  assert.deepEqual(facts('none'), ['100000', 0, 0, 0n]);
  assert.deepEqual(facts('link'), ['120777', 7, 8, times.mtimeNs]);
  assert.deepEqual(facts('pipe'), ['10622', 0, 0, times.mtimeNs]);
  assert.deepEqual(facts('ping'), ['100755', 9, 0, times.mtimeNs]);
  assert.deepEqual(of('ping').xattrs, [
    ['security.capability', Buffer.from(xattrs.get('security.capability') ?? []).toString('hex')],
  ]);
  if (found.has('null') && lstatSync(join(dir, 'null')).isCharacterDevice()) {
    assert.deepEqual(found.get('null'), {
      mode: '20666',
      uid: 0,
      gid: 0,
      mtimeNs: times.mtimeNs,
      device: { major: 1, minor: 3 },
    });
    assert.deepEqual(found.get('loop'), {
      mode: '60660',
      uid: 0,
      gid: 6,
      mtimeNs: 0n,
      device: { major: 7, minor: 300 },
    });
  }
});

test('directories keep their times: those of the layer, or those of lower layers that only had something put in', async () => {
  const dir = emptyRoot();
  await unpack(
    dir,
    tarOf(item({ path: 'a/', mtimeNs: 5n }), item({ path: 'a/b/', mtimeNs: 7n }), item({ path: 'a/b/c' })),
  );
  await unpack(dir, tarOf(item({ path: 'a/b/.wh.c' }), item({ path: 'a/new' })));
  assert.equal(lstatSync(join(dir, 'a'), { bigint: true }).mtimeNs, 5n);
  assert.equal(lstatSync(join(dir, 'a/b'), { bigint: true }).mtimeNs, 7n);
});

test('a directory loses the xattrs that its new entry has not', async t => {
  const dir = emptyRoot();
  try {
    setXattr(dir, 'user.probe', new Uint8Array());
  } catch (error) {
    if (isNotPermitted(error)) return t.skip('no user xattrs on this file system');
    throw error;
  }
  const xattrs = new Map([['user.a', Buffer.from('1')]]);
  await unpack(dir, tarOf(item({ path: 'd/', xattrs }), item({ path: 'e/', xattrs })));
  await unpack(dir, tarOf(item({ path: 'd/' })));
  assert.equal(getXattr(join(dir, 'd'), 'user.a'), undefined);
  assert.deepEqual(getXattr(join(dir, 'e'), 'user.a'), new Uint8Array([0x31]));
});

test("overlay's own attributes are not taken from a layer", async () => {
  const dir = emptyRoot();
  const xattrs = new Map([
    ['user.overlay.opaque', Buffer.from('y')],
    ['trusted.overlay.redirect', Buffer.from('/etc')],
  ]);
  const { toc } = await unpack(dir, tarOf(item({ path: 'd/', xattrs })));
  const [first] = toc.entries;
  assert.ok(first?.kind === 'write' && first.entry.xattrs === undefined);
  assert.equal(getXattr(join(dir, 'd'), 'user.overlay.opaque'), undefined);
});

test('the observer has told of everything, and its last evidence is what the kernel says', async () => {
  const dir = emptyRoot();
  const evidence = new Map<TreePath, Evidence>();
  const placed = new Set<TreePath>(['']);
  const observer: UnpackObserver = {
    placed: path => void placed.add(path),
    removed(path) {
      for (const known of [...placed]) if (known === path || known.startsWith(`${path}/`)) placed.delete(known);
      for (const known of [...evidence.keys()]) if (!placed.has(known)) evidence.delete(known);
    },
    evidence: (path, stat) => void evidence.set(path, stat.slice()),
  };
  const lower = tarOf(
    item({ path: 'unmentioned/dir/file' }, 'x'),
    item({ path: 'first' }, 'data'),
    item({ path: 'second', flag: '1', link: 'first' }),
    item({ path: 'third', flag: '1', link: 'first' }),
    item({ path: 'sym', flag: '2', link: 'first' }),
    item({ path: 'gone/a/b' }, 'x'),
    item({ path: 'twice' }, 'x'),
    item({ path: 'twice/' }),
    item({ path: 'twice/in' }, 'x'),
  );
  await unpack(dir, lower, { observer });
  const compare = () => {
    assert.deepEqual([...placed].sort(), [...scan(dir).keys()].sort());
    for (const path of placed) {
      const { dev, ino, size, mode, uid, gid, mtimeNs, ctimeNs } = lstatSync(onDisk(dir, path), { bigint: true });
      const told = evidence.get(path);
      assert.deepEqual(told && pick(told), { dev, ino, size, mode, uid, gid, mtimeNs, ctimeNs }, path);
    }
  };
  compare();
  await unpack(
    dir,
    tarOf(
      item({ path: '.wh.gone' }),
      item({ path: 'fourth', flag: '1', link: 'first' }),
      item({ path: 'unmentioned/dir/n' }),
    ),
    { observer },
  );
  // Names that this layer did not mention share the evidence of those that it did.
  const first = evidence.get('first');
  for (const name of ['second', 'third']) if (first !== undefined) evidence.set(name, first);
  compare();
});

/** What statx(2) wrote, as Node's own calls tell it. */
function pick(words: Evidence) {
  const word = (at: number) => BigInt(words[at] as number);
  const long = (at: number) => word(at) + (word(at + 1) << 32n);
  const time = (at: number) => BigInt.asIntN(64, long(at)) * 1_000_000_000n + word(at + 2);
  const [major, minor] = [word(statxAt.devMajor), word(statxAt.devMinor)];
  return {
    dev: (major << 8n) | (minor & 0xffn) | ((minor >> 8n) << 20n),
    ino: long(statxAt.ino),
    size: long(statxAt.size),
    mode: word(statxAt.mode) & 0xffffn,
    uid: word(statxAt.uid),
    gid: word(statxAt.gid),
    mtimeNs: time(statxAt.mtime),
    ctimeNs: time(statxAt.ctime),
  };
}

test('where files cannot be given away, what the layer says is told', async () => {
  const dir = emptyRoot();
  const tar = tarOf(
    item({ path: 'd/', mode: 0o555, uid: 12, gid: 13 }),
    item({ path: 'd/f', mode: 0o4000, uid: 12 }, 'x'),
    item({ path: 'd/h', flag: '1', link: 'd/f' }),
    item({ path: 'link', flag: '2', link: 'x', uid: 12 }),
    item({ path: 'mine', mode: 0o644 }, 'x'),
  );
  const { masked } = await unpack(dir, tar, { canChown: false });
  assert.deepEqual([...masked.keys()].sort(), ['d', 'd/f', 'd/h', 'link']);
  assert.equal(masked.get('d/f')?.mode, 0o4000);
  assert.equal(masked.get('d/h')?.uid, 12);
  const stat = lstatSync(join(dir, 'd/f'));
  assert.equal(stat.uid, process.getuid?.());
  assert.equal(stat.mode & 0o7777, 0o600);
  assert.equal(lstatSync(join(dir, 'd')).mode & 0o777, 0o755);
});

test('a fault leaves no open file, and what the file system says comes through', async () => {
  const dir = emptyRoot();
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  await assert.rejects(unpack(dir, tarOf(item({ path: 'f' }, 'x'.repeat(5000))).subarray(0, 2000)), invalid);
  await assert.rejects(unpack(dir, tarOf(item({ path: `${'n'.repeat(256)}` }, 'x'))), { code: 'ENAMETOOLONG' });
  assert.equal(open(), before);
});

/** `u::rwx,g::r-x,o::-` as acl(5) has it on disk: new files of a directory that has it get no more than that, whatever the umask is. */
const narrowAcl = Buffer.from('0200000001000700ffffffff04000500ffffffff20000000ffffffff', 'hex');

test('files are what their layer says, whatever the directories they are created in give them', {
  skip: needsRoot,
}, async () => {
  const file = fc.record({
    dir: fc.constantFrom('plain', 'group', 'acl'),
    mode: fc.constantFrom(0o600, 0o644, 0o664, 0o755, 0o4755, 0o2755),
    uid: fc.constantFrom(0, 7),
    gid: fc.constantFrom(0, 7),
  });
  const usual = { dir: 'plain', mode: 0o644, uid: 0, gid: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 2, maxLength: 12 }), fc.nat(12), async (files, changesAt) => {
      const dir = emptyRoot();
      for (const name of ['plain', 'group', 'acl']) mkdirSync(join(dir, name));
      chownSync(join(dir, 'group'), 0, 7);
      chmodSync(join(dir, 'group'), 0o2755);
      setXattr(join(dir, 'acl'), 'system.posix_acl_default', narrowAcl);
      const items = files.map(({ dir: parent, ...meta }, at) => item({ path: `${parent}/${at}`, ...meta }, 'x'));
      // From here on another directory has a group of its own.
      items.splice(changesAt, 0, item({ path: 'plain/', mode: 0o2755, gid: 7 }));
      await unpack(dir, tarOf(...items));
      const found = files.map(({ dir: parent }, at) => {
        const { mode, uid, gid } = statSync(join(dir, parent, String(at)));
        return { dir: parent, mode: mode & 0o7777, uid, gid };
      });
      assert.deepEqual(
        found,
        files.map(each => ({ ...each })),
      );
    }),
    { numRuns: 200, examples: [[[usual, usual, usual], 2]] },
  );
});
