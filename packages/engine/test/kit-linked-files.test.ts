import assert from 'node:assert/strict';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { openDirectoryRoot } from '../src/kit/index.js';
import type { Change } from '../src/plugin/index.js';

const signal = new AbortController().signal;

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
