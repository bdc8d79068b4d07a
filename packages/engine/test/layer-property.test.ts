import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { flattenLayers } from '../src/layer/flatten.js';
import { readLayer } from '../src/layer/read.js';
import { TocCollector } from '../src/layer/toc.js';
import { decodeToc, encodeToc } from '../src/layer/toc-codec.js';
import { unpackLayer } from '../src/layer/unpack/unpack-layer.js';
import type { Change } from '../src/model/change.js';
import type { FileEntry, FileType } from '../src/model/file-entry.js';
import type { LayerToc } from '../src/model/toc.js';
import { bytesToPath } from '../src/path/bytes.js';
import { parentOf } from '../src/path/name.js';
import { comparePaths } from '../src/path/order.js';
import { chunked, directory, gather, isRoot, scan, scratch, writeTar } from './layer-support.js';

const base = scratch();
const runs = { numRuns: Number(process.env.VARVE_PROPERTY_RUNS ?? 40) };

/** Names of a few letters, so that paths meet; some with bytes that are not UTF-8, some long. */
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c', 'a-b', 'é') },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ minLength: 1, maxLength: 3 })
      .map(bytes => bytesToPath(bytes.map(b => (b === 0 || b === 0x2f ? 0xff : b))))
      .filter(it => it !== '.' && it !== '..'),
  },
  { weight: 1, arbitrary: fc.integer({ min: 90, max: 250 }).map(length => 'n'.repeat(length)) },
);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'));
const type = fc.constantFrom<FileType>(
  'file',
  'file',
  'file',
  'directory',
  'symlink',
  'fifo',
  ...(isRoot ? (['char'] as const) : []),
);
/** A normal user keeps what it needs in order to read and change its files, and no special bits. */
const mode = fc.constantFrom(0o755, 0o700, ...(isRoot ? [0o644, 0o4755, 0o1777, 0o2750, 0] : []));
const owner = fc.constantFrom(0, 1, 1000, 65_534, 3_000_000);
const time = fc.constantFrom(
  0n,
  1_700_000_000_000_000_000n,
  1_700_000_000_123_456_789n,
  1n,
  4_000_000_000_000_000_000n,
);
const xattrs = fc.option(
  fc.dictionary(fc.constantFrom('user.a', 'user.b'), fc.uint8Array({ minLength: 1, maxLength: 9 }), { minKeys: 1 }),
  {
    freq: 8,
    nil: undefined,
  },
);
const content = fc.constantFrom('', 'x', 'y'.repeat(511), 'z'.repeat(512), 'w'.repeat(70_000));
const node = fc.record({
  path,
  type,
  mode,
  uid: owner,
  gid: owner,
  time,
  xattrs,
  content,
  group: fc.constantFrom(0, 0, 0, 1, 2),
});

type Node = typeof node extends fc.Arbitrary<infer T> ? T : never;

/** A set of nodes as changes: what does not fit into a tree with the rest is left out, parents are added. */
function changesOf(nodes: readonly Node[]): Change[] {
  const made = new Map<string, Change>();
  const firsts = new Map<number, Change & { kind: 'write' }>();
  const add = (it: Node): void => {
    if (made.has(it.path)) return;
    for (let dir = parentOf(it.path); dir !== ''; dir = parentOf(dir)) {
      const there = made.get(dir);
      if (there !== undefined && (there.kind !== 'write' || there.entry.type !== 'directory')) return;
    }
    for (let dir = parentOf(it.path); dir !== '' && !made.has(dir); dir = parentOf(dir)) {
      made.set(dir, { kind: 'write', path: dir, entry: directory() });
    }
    made.set(it.path, changeOf(it));
  };
  for (const it of nodes) if (![...made.keys()].some(known => known.startsWith(`${it.path}/`))) add(it);
  const sorted = [...made.values()].sort((a, b) => comparePaths(a.path, b.path));
  return sorted.map(change => {
    if (change.kind !== 'write' || change.entry.linkGroup === undefined) return change;
    const first = firsts.get(change.entry.linkGroup);
    if (first === undefined) firsts.set(change.entry.linkGroup, change);
    return first === undefined ? change : { ...first, path: change.path };
  });
}

function changeOf(it: Node): Change {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const isFile = it.type === 'file';
  const entry: FileEntry = {
    type: it.type,
    mode: it.type === 'symlink' ? 0o777 : it.mode,
    ...(isRoot ? { uid: it.uid, gid: it.gid } : own),
    size: isFile ? it.content.length : 0,
    mtimeNs: it.time,
    ...(it.type === 'symlink' ? { linkTarget: it.content === '' ? '..' : it.content.slice(0, 200) } : {}),
    ...(it.type === 'char' ? { device: { major: 1, minor: 3 } } : {}),
    ...(it.xattrs !== undefined && (isFile || it.type === 'directory')
      ? { xattrs: new Map(Object.entries(it.xattrs)) }
      : {}),
    ...(isFile && it.group > 0 ? { linkGroup: it.group } : {}),
  };
  return {
    kind: 'write',
    path: it.path,
    entry,
    ...(isFile ? { content: { kind: 'bytes' as const, bytes: Buffer.from(it.content) } } : {}),
  };
}

async function tocOf(tar: Buffer, chunkSize?: number): Promise<LayerToc> {
  const toc = new TocCollector();
  await readLayer(chunked(tar, chunkSize), toc);
  return toc.toc();
}

async function inFolder<T>(run: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(base, 'run-'));
  try {
    return await run(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function withoutRoot(found: Map<string, unknown>): Map<string, unknown> {
  found.delete('');
  return found;
}

test('GNU tar and our unpacking make the same tree of what the writer writes, and it is written again as it was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(node, { minLength: 1, maxLength: 25 }), async nodes => {
      const changes = changesOf(nodes);
      const tar = await writeTar(changes);
      assert.ok(tar.equals(await writeTar(changes)), 'equal changes give equal bytes');
      const toc = await tocOf(tar, 1000);
      assert.deepEqual(toc, await tocOf(tar));
      assert.deepEqual(decodeToc(encodeToc(toc)), toc);
      await inFolder(async ours =>
        inFolder(async theirs => {
          await unpackLayer(chunked(tar, 100_000), { dir: ours, canChown: isRoot });
          const flags = ['-xpf', '-', '--numeric-owner', '--xattrs', '--xattrs-include=user.*', '-C', theirs];
          execFileSync('tar', [...flags, '--same-owner', '--delay-directory-restore'], {
            input: tar,
            stdio: ['pipe', 'ignore', 'ignore'],
          });
          const found = withoutRoot(scan(ours));
          assert.deepEqual(found, withoutRoot(scan(theirs)));
          assert.deepEqual(
            [...found.keys()].sort(comparePaths),
            changes.map(change => change.path),
          );
        }),
      );
    }),
    runs,
  );
});

test('layers on each other: unpacking them one by one, and flattening them first, make the same tree', async () => {
  const deletions = fc.array(path, { maxLength: 3 });
  const layer = fc.record({ nodes: fc.array(node, { minLength: 1, maxLength: 12 }), deletions, opaque: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(layer, { minLength: 2, maxLength: 4 }), async layers => {
      const tars = await Promise.all(layers.map(async it => writeTar(layerChanges(it.nodes, it.deletions, it.opaque))));
      const tocs = await Promise.all(tars.map(tar => tocOf(tar)));
      const flat = await gather(
        flattenLayers(tars.map((tar, i) => ({ toc: tocs[i] as LayerToc, tar: () => chunked(tar, 5000) }))),
      );
      await inFolder(async stacked =>
        inFolder(async at => {
          for (const tar of tars) await unpackLayer(chunked(tar), { dir: stacked, canChown: isRoot });
          await unpackLayer(chunked(flat), { dir: at, canChown: isRoot });
          assert.deepEqual(withoutRoot(scan(at)), withoutRoot(scan(stacked)));
        }),
      );
    }),
    runs,
  );
});

/** Changes with deletions among them, and some directories replaced. */
function layerChanges(nodes: readonly Node[], deletions: readonly string[], opaque: boolean): Change[] {
  const written = changesOf(nodes).map(
    (change): Change =>
      opaque && change.kind === 'write' && change.entry.type === 'directory'
        ? { kind: 'replace', path: change.path, entry: change.entry }
        : change,
  );
  const paths = new Set(written.map(change => change.path));
  const gone = deletions.filter(
    path =>
      !paths.has(path) &&
      !written.some(change => path.startsWith(`${change.path}/`) || change.path.startsWith(`${path}/`)) &&
      !deletions.some(other => path.startsWith(`${other}/`)),
  );
  const deleted = [...new Set(gone)].map((path): Change => ({ kind: 'delete', path }));
  return [...written, ...deleted].sort((a, b) => comparePaths(a.path, b.path));
}
