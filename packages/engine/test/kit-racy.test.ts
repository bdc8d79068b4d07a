import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { Baseline } from '../src/kit/baseline.js';
import { Capture } from '../src/kit/capture.js';
import { RootState } from '../src/kit/root-state.js';
import { wholeTree } from '../src/kit/tree-parts.js';
import { TreeWalker } from '../src/kit/tree-walker.js';
import type { FileEntry } from '../src/model/file-entry.js';
import { setTimes, setXattr } from '../src/sys/index.js';
import { Stats } from '../src/sys/stats.js';

/** A root with one file, whose evidence is as it is after `act`: as on a file system on which all of that happens in one tick. */
function changesInOneTick(
  racyFrom: { seconds: number; rest: number } | undefined,
  act: (path: string) => void,
): unknown {
  const dir = mkdtempSync(`${tmpdir()}/varve-racy-`);
  try {
    const path = `${dir}/file`;
    writeFileSync(path, 'content');
    const { mtimeNs } = lstatSync(path, { bigint: true });
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const entry: FileEntry = { type: 'file', mode: 0o644, ...owner, size: 7, mtimeNs };
    const state = new RootState(dir, 'xxh3');
    const baseline = new Baseline(state, true);
    baseline.placed('file', entry);
    baseline.begin({ kind: 'write', path: 'file', entry });
    baseline.data(Buffer.from('content'));
    baseline.end();
    act(path);
    const stats = new Stats();
    for (const [name, place] of [
      ['file', path],
      ['', dir],
    ] as const)
      if (stats.path(place)) baseline.evidence(name, stats.words);
    state.reserve();
    const { table, evidence, hashes, hash } = state;
    const walker = new TreeWalker({
      ...{ dir, hash, columns: table.columns, names: table.arena.bytes, slots: table.index.slots },
      ...{ evidence: evidence.view, hashes: hashes.words, check: 'moved', trustDirectories: true, parts: new Set() },
      ...(racyFrom && { racyFrom }),
    });
    walker.walk(wholeTree);
    const capture = new Capture(state, walker.findings, { check: 'moved', ignored: new Set() });
    return [...capture.changes()].map(change => change.path).filter(path => path !== '');
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const all = { seconds: 0, rest: 0 };
const note = (path: string): void => setXattr(path, 'user.note', Buffer.from('new'));
const rewrite = (path: string): void => {
  const { mtimeNs } = lstatSync(path, { bigint: true });
  writeFileSync(path, 'CONTENT');
  setTimes(path, mtimeNs);
};

test('what is racy is looked at whole: attributes, and content', () => {
  assert.deepEqual(changesInOneTick(all, note), ['file']);
  assert.deepEqual(changesInOneTick(all, rewrite), ['file']);
  assert.deepEqual(
    changesInOneTick(all, () => undefined),
    [],
  );
});

test('what is not racy is taken at the word of its evidence', () => {
  assert.deepEqual(changesInOneTick(undefined, note), []);
});
