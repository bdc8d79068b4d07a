import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Detection } from '../src/kit/index.js';
import { openDirectoryRoot, treeOfFolder } from '../src/kit/index.js';
import { TocCollector } from '../src/layer/toc.js';
import { writeLayerTar } from '../src/layer/write/write-layer-tar.js';
import type { FileEntry } from '../src/model/file-entry.js';
import { onDisk } from '../src/path/bytes.js';
import type { StageRoot } from '../src/plugin/index.js';
import { setTimes } from '../src/sys/index.js';
import { applyToc, emptyTree, type Tree } from '../src/tree/index.js';

/** A step as a list of things done to paths. What is not possible does nothing, on every root alike. */
type Deed =
  | { readonly do: 'write' | 'append' | 'sneak' | 'same'; readonly path: string; readonly content: string }
  | { readonly do: 'mkdir' | 'remove'; readonly path: string }
  | { readonly do: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly do: 'rename' | 'link' | 'symlink'; readonly path: string; readonly to: string };

const name = fc.constantFrom('a', 'b', 'ab', 'a-b', 'é', '\udcff');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map(names => names.join('/'));
const content = fc.constantFrom('', 'x', 'y', 'longer', 'LONGER');
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('write' as const, 'append' as const, 'sneak' as const, 'same' as const),
      path,
      content,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('mkdir' as const, 'remove' as const), path }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('chmod' as const), path, mode: fc.constantFrom(0o600, 0o755, 0o4711) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('rename' as const, 'link' as const, 'symlink' as const),
      path,
      to: path,
    }),
  },
);
const steps = fc.array(fc.array(deed, { maxLength: 12 }), { minLength: 2, maxLength: 4 });

const runs = Number(process.env['VARVE_PROPERTY_RUNS'] ?? 60);
const seed = Number(process.env['VARVE_PROPERTY_SEED'] ?? Date.now() % 0x7fffffff);

interface Subject {
  readonly name: string;
  readonly parent: string;
  readonly detection: Detection;
}
const subjects: readonly Subject[] = [
  { name: 'evidence on disk', parent: tmpdir(), detection: { content: 'auto', hash: 'xxh3', threads: 1 } },
  { name: 'all contents in memory', parent: memory(), detection: { content: 'all', hash: 'sha256', threads: 1 } },
  { name: 'auto in memory', parent: memory(), detection: { content: 'auto', hash: 'xxh3', threads: 1 } },
  { name: 'metadata', parent: tmpdir(), detection: { content: 'metadata', hash: 'xxh3', threads: 1 } },
];

test(`all strategies find the same changes, and they lead to what is on disk (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(steps, async steps => {
      const seesContents = !steps.flat().some(deed => deed.do === 'sneak');
      const tried = subjects.filter(({ detection }) => seesContents || detection.content !== 'metadata');
      const digests = await Promise.all(tried.map(subject => runSteps(subject, steps)));
      for (const [i, found] of digests.entries()) {
        assert.deepEqual(found, digests[0], `${tried[i]?.name} differs from ${tried[0]?.name}`);
      }
    }),
    { numRuns: runs, seed },
  );
});

/** Does the steps on a root of its own; gives the digest of each step's layer. */
async function runSteps(subject: Subject, steps: readonly (readonly Deed[])[]): Promise<readonly string[]> {
  const folder = mkdtempSync(`${subject.parent}/varve-property-`);
  try {
    await using root = await openDirectoryRoot({ dir: folder, canChown: process.getuid?.() === 0 }, subject.detection);
    const digests: string[] = [];
    let tree = emptyTree();
    for (const [i, deeds] of steps.entries()) {
      await root.beforeRun();
      for (const deed of deeds) attempt(root.dir, deed);
      settleTimes(root.dir, i);
      const { digest, after } = await captureLayer(root, tree);
      assert.deepEqual(facts(after), facts(treeOfFolder(root.dir)), `${subject.name}, step ${i}`);
      tree = after;
      digests.push(digest);
    }
    return digests;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function captureLayer(root: StageRoot, before: Tree): Promise<{ readonly digest: string; readonly after: Tree }> {
  const hash = createHash('sha256');
  const visitor = new TocCollector();
  const ancestor = (path: string): FileEntry | undefined => root.entry(path);
  for await (const chunk of writeLayerTar(root.capture([], new AbortController().signal), { ancestor, visitor }))
    hash.update(chunk);
  return { digest: hash.digest('hex'), after: applyToc(before, visitor.toc()) };
}

function attempt(dir: string, deed: Deed): void {
  try {
    carryOut(dir, deed);
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
  }
}

function carryOut(dir: string, deed: Deed): void {
  const at = onDisk(dir, deed.path);
  if (deed.do === 'write') writeFileSync(at, deed.content);
  else if (deed.do === 'append') appendFileSync(at, deed.content);
  else if (deed.do === 'sneak') keepingTime(at, () => writeFileSync(at, deed.content));
  else if (deed.do === 'same') keepingTime(at, () => writeFileSync(at, readFileSync(at)));
  else if (deed.do === 'mkdir') mkdirSync(at);
  else if (deed.do === 'remove') rmSync(at, { recursive: true });
  else if (deed.do === 'rename') renameSync(at, onDisk(dir, deed.to));
  else if (deed.do === 'link') linkSync(at, onDisk(dir, deed.to));
  else if (deed.do === 'symlink') symlinkSync(deed.to.replaceAll('\udcff', '?'), at);
  else if (deed.do === 'chmod' && !lstatSync(at).isSymbolicLink()) chmodSync(at, deed.mode);
}

/** Only for files: what a link leads to may be anywhere. */
function keepingTime(at: string | Buffer, act: () => void): void {
  const { mtimeNs } = lstatSync(at, { bigint: true });
  if (!lstatSync(at).isFile()) return;
  act();
  setTimes(at, mtimeNs);
}

/** Gives everything that was touched the same time on every root. Deepest first, as setting a time touches nothing above. */
function settleTimes(dir: string, step: number): void {
  for (const { path, entry } of [...treeOfFolder(dir).walk()]) {
    if (entry.mtimeNs > 1_600_000_000_000_000_000n)
      setTimes(onDisk(dir, path), BigInt(1_000_000_000 + step) * 1_000_000_000n);
  }
}

function facts(tree: Tree): readonly unknown[] {
  return [...tree.walk()].map(({ path, entry: { linkGroup: _, ...entry } }) => ({
    path,
    ...entry,
    peers: tree.linkPeers(path),
  }));
}

function memory(): string {
  try {
    rmSync(mkdtempSync('/dev/shm/varve-property-'), { recursive: true });
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}
