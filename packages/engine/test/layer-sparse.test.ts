import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unpackArchive } from '../src/context/archive.js';
import { openArchive } from '../src/layer/archive/open-archive.js';
import { item, scratch, tarOf, withFlag } from './layer-support.js';

const never = new AbortController().signal;
const gib = 2 ** 30;

/** Makes a file of `size` bytes with text at some places and holes elsewhere. */
function makeSparse(path: string, size: number, places: readonly number[]): void {
  const fd = openSync(path, 'w');
  for (const place of places) writeSync(fd, `at ${place}`, place);
  ftruncateSync(fd, size);
  closeSync(fd);
}

/** GNU tar goes by blocks of the file system: pieces that are so far apart stay apart. */
const step = 64 * 1024;
const everyStep = (count: number): number[] => Array.from({ length: count }, (_, index) => index * step);

const files: Readonly<Record<string, readonly [size: number, places: readonly number[]]>> = {
  'hole-at-the-end': [10 * step, [0]],
  'hole-at-the-beginning': [3 * step + 20, [3 * step]],
  'nothing-but-a-hole': [5 * step, []],
  'as-many-pieces-as-a-header-holds': [4 * step, everyStep(4)],
  'pieces-in-blocks-behind-the-header': [60 * step + 7, everyStep(60)],
  'pieces-in-several-blocks-of-text': [300 * step, everyStep(300)],
  [`${'long/'.repeat(30)}name`]: [2 * step, [step]],
};

const formats = [
  ['--format=gnu'],
  ['--format=pax', '--sparse-version=0.0'],
  ['--format=pax', '--sparse-version=0.1'],
  ['--format=pax', '--sparse-version=1.0'],
];

for (const flags of formats) {
  test(`sparse files are what they were: tar ${flags.join(' ')}`, async () => {
    const from = scratch();
    mkdirSync(join(from, 'long/'.repeat(30)), { recursive: true });
    for (const [name, [size, places]] of Object.entries(files)) makeSparse(join(from, name), size, places);
    writeFileSync(join(from, 'behind'), 'plain');
    const archive = execFileSync('tar', ['-cS', ...flags, '-C', from, ...Object.keys(files), 'behind'], {
      maxBuffer: 2 ** 26,
    });
    assert.ok(archive.length < 8 * 2 ** 20, 'the archive has holes');

    const members = await openArchive({ kind: 'bytes', bytes: archive }, mkdtempSync(join(scratch(), 'a-')), never);
    assert.deepEqual(
      members?.map(({ entry }) => entry.path),
      [...Object.keys(files), 'behind'],
    );
    for (const { entry, content } of members ?? []) {
      const wanted = readFileSync(join(from, entry.path));
      assert.ok(content?.kind === 'path' && entry.kind === 'write');
      assert.equal(entry.entry.size, wanted.length, entry.path);
      assert.ok(readFileSync(content.path as string).equals(wanted), entry.path);
    }
    const dir = scratch();
    await unpackArchive(inPieces(archive, 1000), 'none', { dir, description: 'the context' }, never);
    for (const name of [...Object.keys(files), 'behind'])
      assert.ok(readFileSync(join(dir, name)).equals(readFileSync(join(from, name))), name);
  });
}

test('holes of a spilled file take no room, however large', async () => {
  const from = scratch();
  makeSparse(join(from, 'huge'), 9 * gib, [8.5 * gib]);
  const bytes = execFileSync('tar', ['-cS', '--format=pax', '-C', from, 'huge']);
  const [member] = (await openArchive({ kind: 'bytes', bytes }, mkdtempSync(join(scratch(), 'a-')), never)) ?? [];
  assert.ok(member?.content?.kind === 'path');
  const { size, blocks } = statSync(member.content.path as string);
  assert.equal(size, 9 * gib);
  assert.ok(blocks * 512 < 2 ** 20, `${blocks} blocks`);
});

test('maps that contradict themselves or the file are refused', async () => {
  const records = (entries: Readonly<Record<string, string>>): Buffer => {
    const lines = Object.entries(entries).map(([key, value]) => {
      const bare = key.length + value.length + 3;
      return `${bare + String(bare + 2).length} ${key}=${value}\n`;
    });
    return withFlag(item({ path: 'pax' }, lines.join('')), 'x');
  };
  const mapped = (map: string, size = '2000'): Buffer =>
    Buffer.concat([
      records({ 'GNU.sparse.size': size, 'GNU.sparse.map': map }),
      item({ path: 'sparse' }, 'x'.repeat(1000)),
    ]);
  const text = (content: string): Buffer =>
    Buffer.concat([
      records({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '2000' }),
      item({ path: 'sparse' }, content),
    ]);
  const open = (...items: readonly Buffer[]) =>
    openArchive({ kind: 'bytes', bytes: tarOf(...items) }, mkdtempSync(join(scratch(), 'a-')), never);
  assert.equal((await open(mapped('0,500,1500,500')))?.length, 1);
  assert.equal((await open(text('0\n'.padEnd(512, '\0'))))?.length, 1);
  const bad = {
    'pieces over each other': mapped('0,600,500,400'),
    'pieces behind the end': mapped('0,500,1600,500'),
    'less than is stored': mapped('0,500'),
    'more than is stored': mapped('0,500,500,1500'),
    'an odd count of numbers': mapped('0,500,1500'),
    'no numbers': mapped('0,x'),
    'a size that is none': mapped('0,1000', 'big'),
    'text that ends early': text('2\n0\n'.padEnd(512, '\0')),
    'text without an end': text('3'.repeat(512)),
  };
  for (const [what, tar] of Object.entries(bad)) await assert.rejects(open(tar), { code: 'E_ARCHIVE_INVALID' }, what);
});

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
