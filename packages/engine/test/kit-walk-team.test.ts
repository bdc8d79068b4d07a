import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { type Detection, openDirectoryRoot } from '../src/kit/index.js';
import { treeParts } from '../src/kit/tree-parts.js';
import { writeLayerTar } from '../src/layer/write/write-layer-tar.js';
import { pathToBytes } from '../src/path/bytes.js';
import { comparePaths } from '../src/path/order.js';
import type { Change, FileEntry, StageRoot } from '../src/plugin/index.js';
import { setTimes } from '../src/sys/times.js';
import { nodePath } from '../src/tree/node-path.js';
import { NodeTable } from '../src/tree/node-table.js';

const folders = 120;
const filesInFolder = 80;
const signal = new AbortController().signal;

test('two threads find what one finds, in a tree that is large enough for both', async () => {
  const found = await Promise.all([1, 2].map(threads => findChanges({ content: 'auto', hash: 'xxh3', threads })));
  assert.deepEqual(found[1], found[0]);
  assert.ok(found[0]?.includes('delete top1/sub/f3'));
  assert.ok(found[0]?.includes('write top2/moved/f0'));
});

test('several threads share one huge directory', async () => {
  const act = (dir: string): void => {
    for (let i = 0; i < 350; i += 7) {
      appendFileSync(`${dir}/many/f${i}`, 'more');
      rmSync(`${dir}/many/f${i + 1}`);
      writeFileSync(`${dir}/many/new${i}`, 'new');
    }
    mkdirSync(`${dir}/many/folder/deep`, { recursive: true });
  };
  const paths = Array.from({ length: folders * filesInFolder }, (_, i) => `many/f${i}`);
  const found = await Promise.all(
    [1, 2, 3].map(threads => findIn({ content: 'auto', hash: 'xxh3', threads }, paths, act)),
  );
  assert.equal(found[0]?.length, 153);
  assert.deepEqual(found[1], found[0]);
  assert.deepEqual(found[2], found[0]);
});

test('threads remember the contents of files that a step made', async () => {
  for (const threads of [1, 2]) {
    const folder = mkdtempSync(`${tmpdir()}/varve-team-`);
    try {
      const request = { dir: folder, canChown: process.getuid?.() === 0 };
      await using root = await openDirectoryRoot(request, { content: 'auto', hash: 'xxh3', threads });
      const paths = Array.from({ length: 900 }, (_, i) => `${root.dir}/${'x'.repeat(200)}-${i}`);
      for (const [i, path] of paths.entries()) writeFileSync(path, `file ${i}`);
      for (const path of paths) setTimes(path, 1n);
      assert.equal((await captureAll(root)).length, 901);
      await root.beforeRun();
      for (const [i, path] of paths.entries()) writeFileSync(path, i === 700 ? 'FILE 700' : `file ${i}`);
      for (const path of paths) setTimes(path, 1n);
      assert.deepEqual(await captureAll(root), [`write ${'x'.repeat(200)}-700`]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});

test('two threads read contents too', async () => {
  const found = await findChanges({ content: 'all', hash: 'xxh3', threads: 2 });
  assert.ok(found.includes('write top0/sub/f7'));
});

/** What is found after files in several parts of a root were changed, and one part gave way to a link out of the root. */
function findChanges(detection: Detection): Promise<readonly string[]> {
  const paths = Array.from(
    { length: folders * filesInFolder },
    (_, i) => `top${i % folders}/sub/f${Math.floor(i / folders)}`,
  );
  return findIn(detection, paths, dir => {
    appendFileSync(`${dir}/top0/sub/f7`, 'more');
    rmSync(`${dir}/top1/sub/f3`);
    renameSync(`${dir}/top2/sub`, `${dir}/top2/moved`);
    rmSync(`${dir}/top3/sub`, { recursive: true });
    symlinkSync('/usr', `${dir}/top3/sub`);
    mkdirSync(`${dir}/new/deep`, { recursive: true });
    writeFileSync(`${dir}/new/deep/file`, 'new');
  });
}

/** What is found after `act` in a root of these files; a second look finds nothing. */
async function findIn(
  detection: Detection,
  paths: readonly string[],
  act: (dir: string) => void,
): Promise<readonly string[]> {
  const folder = mkdtempSync(`${tmpdir()}/varve-team-`);
  try {
    await using root = await openDirectoryRoot({ dir: folder, canChown: process.getuid?.() === 0 }, detection);
    await root.apply({ diffId: 'sha256:test', tar: () => writeLayerTar(filesAt(paths), { ancestor }) }, signal);
    await root.beforeRun();
    act(root.dir);
    const changes = await captureAll(root);
    await root.beforeRun();
    assert.deepEqual(await captureAll(root), []);
    return changes;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function captureAll(root: StageRoot): Promise<readonly string[]> {
  const changes: string[] = [];
  for await (const change of root.capture([], signal)) changes.push(`${change.kind} ${change.path}`);
  return changes;
}

const plain = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, size: 0, mtimeNs: 1n };
const ancestor = (): FileEntry => ({ ...plain, type: 'directory', mode: 0o755 });

function filesAt(paths: readonly string[]): readonly Change[] {
  return paths.toSorted(comparePaths).map(path => ({
    kind: 'write',
    path,
    entry: { ...plain, type: 'file', mode: 0o644, size: 4 },
    content: { kind: 'bytes', bytes: Buffer.from('file') },
  }));
}

test('a tree is cut into parts of similar size, the largest first', () => {
  const table = new NodeTable();
  for (let i = 0; i < 40; i++) {
    const folder = table.add(0, pathToBytes(`d${i}`));
    for (let k = 0; k < (i === 0 ? 1000 : 100); k++) table.add(folder, pathToBytes(`f${k}`));
  }
  const parts = treeParts(table).map(({ node, slice, slices }) => `${nodePath(table, node)} ${slice}/${slices}`);
  const slices = (name: string): number => parts.filter(part => part.startsWith(`${name} `)).length;
  assert.equal(new Set(parts).size, parts.length);
  assert.ok(slices('d0') >= 5 && slices('') >= 20, parts.join(', '));
  assert.equal(slices('d1'), 0, 'small directories stay with the root');
  assert.deepEqual(treeParts(new NodeTable()), [{ node: 0, slice: 0, slices: 1 }]);
});
