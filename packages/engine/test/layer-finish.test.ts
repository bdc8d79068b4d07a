import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openArchive } from '../src/layer/archive/open-archive.js';
import { gzipCompressor } from '../src/layer/compress/gzip.js';
import { plainCompressor } from '../src/layer/compress/plain.js';
import { finishLayer } from '../src/layer/finish.js';
import { spillLayer } from '../src/layer/spill.js';
import { TocCollector } from '../src/layer/toc.js';
import { writeLayerTar } from '../src/layer/write/write-layer-tar.js';
import type { Bytes } from '../src/model/bytes.js';
import type { FileContent } from '../src/model/change.js';
import { chunked, directory, file, item, scratch, tarOf, write, writeTar } from './layer-support.js';

const gzip = gzipCompressor({ level: 6 });
const changes = [write('etc/passwd', file(), 'root:x:0:0\n'), write('x', file(), 'y'.repeat(100_000))];
const never = new AbortController().signal;

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

test('one pass gives the digests of tar and blob, the file and the table of contents', async () => {
  const ingestDir = scratch();
  const toc = new TocCollector();
  const tar = writeLayerTar(changes, { ancestor: () => directory(), visitor: toc });
  const finished = await finishLayer(tar, { compressor: gzip, ingestDir, toc });
  assert.ok(finished !== undefined);
  const blob = readFileSync(finished.file);
  assert.deepEqual(finished.layer, {
    descriptor: { mediaType: gzip.mediaType, digest: sha256(blob), size: blob.length },
    diffId: sha256(gunzipSync(blob)),
  });
  assert.equal(finished.toc?.passwd, 'root:x:0:0\n');
  assert.equal([...(finished.toc?.entries ?? [])].length, 3);
  assert.equal(statSync(finished.file).mode & 0o777, 0o600);
  assert.deepEqual(gunzipSync(blob), await writeTar(changes));
});

test('a layer that is not compressed has one digest', async () => {
  const finished = await finishLayer(chunked(await writeTar(changes)), {
    compressor: plainCompressor,
    ingestDir: scratch(),
  });
  assert.equal(finished?.layer.diffId, finished?.layer.descriptor.digest);
});

test('no bytes are no layer', async () => {
  const ingestDir = scratch();
  assert.equal(await finishLayer(chunked(Buffer.alloc(0)), { compressor: gzip, ingestDir }), undefined);
  assert.deepEqual(readdirSync(ingestDir), []);
});

test('nothing is left behind by a fault, an abort, or a full folder', async () => {
  const ingestDir = scratch();
  const fault = new Error('gone');
  let isClosed = false;
  async function* failing(): Bytes {
    try {
      yield Buffer.alloc(3_000_000);
      throw fault;
    } finally {
      isClosed = true;
    }
  }
  await assert.rejects(finishLayer(failing(), { compressor: gzip, ingestDir }), fault);
  assert.ok(isClosed);
  const controller = new AbortController();
  async function* aborting(): Bytes {
    yield Buffer.alloc(10);
    controller.abort();
    yield Buffer.alloc(10);
  }
  await assert.rejects(finishLayer(aborting(), { compressor: gzip, ingestDir, signal: controller.signal }), {
    name: 'AbortError',
  });
  assert.deepEqual(readdirSync(ingestDir), []);
  await assert.rejects(
    finishLayer(chunked(Buffer.alloc(9)), { compressor: gzip, ingestDir: join(ingestDir, 'none') }),
    { code: 'ENOENT' },
  );
});

test('files are taken out of a layer, under their own names and those of links', async () => {
  const dir = scratch();
  const tar = tarOf(
    item({ path: 'a/one' }, 'first'),
    item({ path: 'a/two' }, 'other'),
    item({ path: 'hard', flag: '1', link: 'a/one' }),
    item({ path: 'twice' }, 'old'),
    item({ path: 'twice' }, 'new'),
    item({ path: 'becomes' }, 'x'),
    item({ path: 'becomes', flag: '2', link: 'y' }),
    item({ path: '.wh.a' }),
  );
  const files = await spillLayer(chunked(tar, 100), ['a/one', 'hard', 'twice', 'becomes', 'missing'], dir);
  const contents = [...files].map(([path, place]) => [path, readFileSync(place, 'utf8')]);
  assert.deepEqual(contents, [
    ['a/one', 'first'],
    ['hard', 'first'],
    ['twice', 'new'],
  ]);
  const more = await spillLayer(chunked(tar), ['a/two'], dir);
  assert.deepEqual([...more.keys()], ['a/two'], 'a second call does not disturb the first');
  assert.equal(readFileSync(files.get('a/one') ?? '', 'utf8'), 'first');
});

/** Does not compress, so that it fills several blocks of any format. */
const big = Buffer.concat(
  Array.from({ length: 16_000 }, (_, i) => createHash('sha512').update(`${i}`).digest()),
).toString('latin1');
const archive = tarOf(
  item({ path: 'dir/', mode: 0o700 }),
  item({ path: 'dir/.wh.plain' }, 'a name like others'),
  bigItem(),
  item({ path: 'dir/hard', flag: '1', link: 'dir/big' }),
  item({ path: 'link', flag: '2', link: '/target' }),
);

function bigItem(): Buffer {
  const data = Buffer.from(big, 'latin1');
  const entry = item({ path: 'dir/big', size: data.length });
  return Buffer.concat([entry, data]);
}

async function members(content: FileContent) {
  const found = await openArchive(content, mkdtempSync(join(scratch(), 'archive-')), never);
  return found?.map(({ entry, content: at }) => {
    const text = at?.kind === 'path' ? readFileSync(at.path as string, 'latin1').slice(0, 20) : undefined;
    return [entry.kind, entry.path, text];
  });
}

const expected = [
  ['write', 'dir', undefined],
  ['write', 'dir/.wh.plain', 'a name like others'],
  ['write', 'dir/big', big.slice(0, 20)],
  ['write', 'dir/hard', undefined],
  ['write', 'link', undefined],
];

for (const program of ['cat', 'gzip', 'bzip2', 'xz']) {
  test(`an archive made with ${program} is told by its content`, async t => {
    if (spawnSync(program, ['--help']).error !== undefined) return t.skip(`needs ${program}`);
    const bytes = execFileSync(program, program === 'cat' ? [] : ['-c'], { input: archive, maxBuffer: 1 << 24 });
    assert.deepEqual(await members({ kind: 'bytes', bytes }), expected);
    const path = join(scratch(), 'no-telling-name');
    writeFileSync(path, Buffer.concat([bytes, program === 'cat' ? Buffer.alloc(0) : bytes]));
    assert.deepEqual(await members({ kind: 'path', path }), expected, 'streams behind each other are one');
    if (program === 'cat') return;
    const cut = bytes.subarray(0, bytes.length - 10);
    await assert.rejects(members({ kind: 'bytes', bytes: cut }), { code: 'E_ARCHIVE_INVALID' });
  });
}

test('an archive in zstd is read by whoever can', async () => {
  const bytes = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), archive]);
  const zstd = async function* (blob: Bytes): Bytes {
    let seen = 0;
    for await (const chunk of blob) {
      yield chunk.subarray(Math.max(0, 4 - seen));
      seen += chunk.length;
    }
  };
  const found = await openArchive({ kind: 'bytes', bytes }, scratch(), never, zstd);
  assert.equal(found?.length, 5);
});

test('what is no archive is told, compressed or not', async () => {
  const text = Buffer.from('just some text, long enough to fill a block of a tar, which has 512 bytes. '.repeat(20));
  const compressed = execFileSync('gzip', ['-c'], { input: text });
  const files = [
    text,
    compressed,
    Buffer.alloc(0),
    Buffer.from('x'),
    Buffer.alloc(2048),
    compressed.subarray(0, 30),
    Buffer.from([0x1f, 0x8b, 8, 0]),
  ];
  for (const bytes of files) assert.equal(await members({ kind: 'bytes', bytes }), undefined);
  await assert.rejects(members({ kind: 'path', path: join(scratch(), 'missing') }), { code: 'ENOENT' });
});

test('an archive that tries to leave its folder is refused', async () => {
  await assert.rejects(members({ kind: 'bytes', bytes: tarOf(item({ path: '../evil' }, 'x')) }), {
    code: 'E_ARCHIVE_INVALID',
  });
});
