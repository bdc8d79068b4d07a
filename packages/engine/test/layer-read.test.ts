import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPlainTar } from '../src/layer/read.js';
import { TocCollector } from '../src/layer/toc.js';
import type { LayerEntry } from '../src/model/toc.js';
import { makeFifo, setTimes } from '../src/sys/index.js';
import { chunked, gather, item, listLayer, scratch, tarOf, withFlag } from './layer-support.js';

const invalid = { code: 'E_LAYER_INVALID' };
const unsupported = { code: 'E_LAYER_UNSUPPORTED' };

function paths(found: readonly { entry: LayerEntry }[]): string[] {
  return found.map(({ entry }) => `${entry.kind} ${entry.path}`);
}

/** A folder with what tars find hard. */
function oddTree(): string {
  const dir = scratch();
  const long = `${'deep/'.repeat(30)}${'n'.repeat(180)}`;
  mkdirSync(join(dir, 'deep/'.repeat(30)), { recursive: true });
  writeFileSync(join(dir, long), 'long');
  writeFileSync(join(dir, 'größe 漢字'), 'unicode');
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/bin`), Buffer.from([0xff, 0xfe])]), 'bytes');
  writeFileSync(join(dir, 'empty'), '');
  writeFileSync(join(dir, 'exact'), 'x'.repeat(512));
  linkSync(join(dir, 'exact'), join(dir, 'zlink'));
  symlinkSync(`/${'t'.repeat(150)}`, join(dir, 'symlink'));
  makeFifo(join(dir, 'fifo'), 0o600);
  setTimes(join(dir, 'empty'), -1_000_000_000_000_000n);
  return dir;
}

for (const format of ['gnu', 'pax'] as const) {
  test(`what GNU tar writes as ${format} is read as it is on disk`, async () => {
    const dir = oddTree();
    setTimes(join(dir, 'exact'), 1_700_000_000_123_456_789n);
    const tar = execFileSync('tar', ['-c', `--format=${format}`, '--sort=name', '--owner=3000000', '--group=7', '.'], {
      cwd: dir,
    });
    const found = new Map((await listLayer(tar)).map(({ entry, content }) => [entry.path, { entry, content }]));
    const entryOf = (path: string) => {
      const it = found.get(path)?.entry;
      assert.equal(it?.kind, 'write', path);
      return it as Extract<LayerEntry, { kind: 'write' }>;
    };
    assert.equal(found.get(`${'deep/'.repeat(30)}${'n'.repeat(180)}`)?.content, 'long');
    assert.equal(found.get('größe 漢字')?.content, 'unicode');
    assert.equal(found.get('bin\udcff\udcfe')?.content, 'bytes');
    assert.equal(entryOf('empty').entry.mtimeNs, -1_000_000_000_000_000n);
    assert.equal(entryOf('exact').entry.uid, 3_000_000);
    assert.equal(entryOf('exact').entry.gid, 7);
    assert.equal(entryOf('exact').entry.mtimeNs % 1_000_000_000n, format === 'pax' ? 123_456_789n : 0n);
    assert.equal(entryOf('zlink').linkTo, 'exact');
    assert.equal(entryOf('zlink').entry.size, 512);
    assert.equal(entryOf('symlink').entry.linkTarget, `/${'t'.repeat(150)}`);
    assert.equal(entryOf('fifo').entry.type, 'fifo');
    assert.equal(entryOf('').entry.type, 'directory');
  });
}

test('old tars and those of others are read', async () => {
  const dir = scratch();
  mkdirSync(join(dir, 'd'));
  writeFileSync(join(dir, 'd/f'), 'text');
  for (const format of ['v7', 'oldgnu', 'ustar']) {
    const tar = execFileSync('tar', ['-c', `--format=${format}`, 'd'], { cwd: dir });
    assert.deepEqual(paths(await listLayer(tar)), ['write d', 'write d/f'], format);
  }
});

test('how the stream is cut makes no difference', async () => {
  const tar = execFileSync('tar', ['-c', '--format=pax', '--sort=name', '.'], { cwd: oddTree() });
  const whole = await listLayer(tar);
  for (const size of [1, 511, 512, 513, 10_000])
    assert.deepEqual(await listLayer(tar, size), whole, `chunks of ${size}`);
});

test('whiteouts and opaque directories', async () => {
  const tar = tarOf(
    item({ path: 'a/' }),
    item({ path: 'a/.wh..wh..opq' }),
    item({ path: './a/.wh.gone' }),
    item({ path: '.wh.top' }),
    item({ path: '.wh..wh..opq' }),
    item({ path: '.wh..wh.plnk/' }),
    item({ path: '.wh..wh.plnk/1.2' }, 'aufs'),
    item({ path: 'a/.wh..wh.aufs' }),
    item({ path: 'a/kept' }, 'content'),
  );
  const found = await listLayer(tar);
  assert.deepEqual(paths(found), ['write a', 'opaque a', 'whiteout a/gone', 'whiteout top', 'opaque ', 'write a/kept']);
  assert.equal(found.at(-1)?.content, 'content');
  const plain = new TocCollector();
  await readPlainTar(chunked(tar), plain);
  assert.equal([...plain.toc().entries].length, 9);
});

test('a hard link has the metadata of the file that it names, through any number of links', async () => {
  const tar = tarOf(
    item({ path: 'first', mode: 0o4755, uid: 5 }, 'data'),
    item({ path: 'second', flag: '1', link: './first' }),
    item({ path: 'third', flag: '1', link: 'second' }),
    item({ path: 'first', uid: 9 }, 'another file'),
    item({ path: 'fourth', flag: '1', link: 'second' }),
    item({ path: 'lower', flag: '1', link: 'usr/bin/below', mode: 0o700 }),
  );
  const entries = (await listLayer(tar)).map(({ entry }) => entry as Extract<LayerEntry, { kind: 'write' }>);
  assert.deepEqual(
    entries.map(({ path, linkTo, entry }) => [path, linkTo, entry.uid, entry.size]),
    [
      ['first', undefined, 5, 4],
      ['second', 'first', 5, 4],
      ['third', 'first', 5, 4],
      ['first', undefined, 9, 12],
      ['fourth', 'second', 5, 4],
      ['lower', 'usr/bin/below', entries.at(-1)?.entry.uid, 0],
    ],
  );
});

test('what is malformed is refused', async () => {
  const good = tarOf(item({ path: 'file' }, 'x'.repeat(2000)));
  const long = tarOf(item({ path: 'n'.repeat(300) }, 'x'));
  const flipped = Buffer.from(good);
  flipped[3] = 0x41;
  const cases: Record<string, Buffer> = {
    'no tar at all': Buffer.from('this is no tar, but it is longer than one block of a tar is. '.repeat(20)),
    'a damaged header': flipped,
    'an end in a header': good.subarray(0, 300),
    'an end in a file': good.subarray(0, 1500),
    'an end behind an extended header': long.subarray(0, 1024),
    'a path out of the root': tarOf(item({ path: '../x' })),
    'a path through the root': tarOf(item({ path: 'a/../../x' })),
    'a hard link out of the root': tarOf(item({ path: 'x', flag: '1', link: '../../etc/passwd' })),
    'a hard link to itself': tarOf(item({ path: 'x', flag: '1', link: './x' })),
    'a link to nothing': tarOf(item({ path: 'x', flag: '2', link: '' })),
    'a root that is a file': tarOf(item({ path: './', flag: '0' })),
    'a whiteout of nothing': tarOf(item({ path: 'a/.wh.' })),
    'a whiteout of its parent': tarOf(item({ path: 'a/.wh...' })),
    'a NUL in a name': tarOf(item({ path: `é\0${'n'.repeat(3)}` })),
  };
  for (const [what, tar] of Object.entries(cases)) await assert.rejects(listLayer(tar), invalid, what);
});

test('what has no place in a root file system is refused by name', async () => {
  const odd = withFlag(item({ path: 'odd' }), 'V');
  await assert.rejects(listLayer(tarOf(odd)), { ...unsupported, data: { path: 'odd' } });
  const dir = scratch();
  execFileSync('truncate', ['-s', '1M', 'sparse'], { cwd: dir });
  for (const format of ['gnu', 'pax']) {
    const tar = execFileSync('tar', ['-cS', `--format=${format}`, 'sparse'], { cwd: dir });
    await assert.rejects(listLayer(tar), { ...unsupported, data: { path: 'sparse' } }, format);
  }
});

test('an end without an end marker, and anything behind one, is no fault', async () => {
  const bare = item({ path: 'file' }, 'x'.repeat(600));
  assert.deepEqual(paths(await listLayer(bare)), ['write file']);
  assert.deepEqual(paths(await listLayer(Buffer.concat([tarOf(bare), Buffer.from('leftovers')]))), ['write file']);
  assert.deepEqual(await listLayer(Buffer.alloc(0)), []);
});

test('global headers are skipped, records without a value count as absent', async () => {
  const dir = scratch();
  writeFileSync(join(dir, 'f'), 'text');
  const tar = execFileSync('tar', ['-c', '--format=pax', '--pax-option=comment=hello,globexthdr.name=g', 'f'], {
    cwd: dir,
  });
  assert.deepEqual(paths(await listLayer(tar)), ['write f']);
});

test('the text of the files that name users is kept, the last one', async () => {
  const toc = new TocCollector();
  const tar = tarOf(
    item({ path: 'etc/passwd' }, 'old'),
    item({ path: './etc/passwd' }, 'root:x:0:0\n'),
    item({ path: 'etc/group', flag: '2', link: '/usr/group' }),
  );
  await readPlainTar(chunked(tar, 7), toc);
  assert.equal(toc.toc().passwd, 'root:x:0:0\n');
  assert.equal(toc.toc().group, undefined);
});

test('reading stops when it is told to', async () => {
  const controller = new AbortController();
  async function* endless() {
    for (;;) {
      yield item({ path: 'again' }, 'x');
      controller.abort();
    }
  }
  await assert.rejects(readPlainTar(endless(), new TocCollector(), controller.signal), { name: 'AbortError' });
  assert.equal((await gather(chunked(Buffer.alloc(3), 1))).length, 3);
});
