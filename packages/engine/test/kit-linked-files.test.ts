import assert from 'node:assert/strict';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { openDirectoryRoot } from '../src/kit/index.js';
import type { Change } from '../src/plugin/index.js';

const signal = new AbortController().signal;

test('names of one file are read once', async () => {
  const folder = mkdtempSync(`${tmpdir()}/varve-links-`);
  const size = 1 << 20;
  try {
    const request = { dir: folder, canChown: process.getuid?.() === 0 };
    await using root = await openDirectoryRoot(request, { content: 'all', hash: 'xxh3', threads: 1 });
    writeFileSync(`${root.dir}/name`, Buffer.alloc(size, 'x'));
    for (let i = 0; i < 30; i++) linkSync(`${root.dir}/name`, `${root.dir}/name${i}`);
    const find = async (): Promise<number> => {
      let found = 0;
      for await (const _ of root.capture([], signal)) found++;
      await root.beforeRun();
      return found;
    };
    assert.equal(await find(), 32);
    const before = bytesRead();
    assert.equal(await find(), 0);
    assert.ok(bytesRead() - before < 2 * size, `${bytesRead() - before} bytes`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

test('a file whose other name comes to light later is told again, as one file', async () => {
  const folder = mkdtempSync(`${tmpdir()}/varve-links-`);
  try {
    const request = { dir: folder, canChown: process.getuid?.() === 0 };
    await using root = await openDirectoryRoot(request, { content: 'auto', hash: 'xxh3', threads: 1 });
    const find = async (ignore: readonly string[]): Promise<readonly Change[]> => {
      const changes: Change[] = [];
      for await (const change of root.capture(ignore, signal)) changes.push(change);
      await root.beforeRun();
      return changes;
    };
    mkdirSync(`${root.dir}/d`);
    writeFileSync(`${root.dir}/one`, 'content');
    assert.deepEqual((await find([])).map(shown), ['', 'd', 'one alone']);
    // As for a walk that has read the directory already when somebody adds the name.
    linkSync(`${root.dir}/one`, `${root.dir}/d/two`);
    assert.deepEqual(await find(['d']), []);
    assert.deepEqual((await find([])).map(shown), ['d', 'd/two linked', 'one linked']);
    assert.deepEqual(await find([]), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function shown(change: Change): string {
  if (change.kind === 'delete' || change.entry.type !== 'file') return change.path;
  return `${change.path} ${change.entry.linkGroup === undefined ? 'alone' : 'linked'}`;
}
