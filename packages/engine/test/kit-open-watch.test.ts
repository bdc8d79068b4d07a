import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { after, describe, it } from 'node:test';
import { openDirectoryRoot } from '../src/kit/directory-root.js';
import { OpenWatch } from '../src/kit/open-watch.js';
import { RootState } from '../src/kit/root-state.js';
import { treeOfFolder } from '../src/kit/scan-folder.js';
import { writeLayerTar } from '../src/layer/write/write-layer-tar.js';
import type { Change } from '../src/model/change.js';
import { writeThroughMapping } from '../src/testing/snapshotter/shared-mapping.js';
import { joinGroup, writeEntry } from '../src/tree/node-entry.js';
import { findNode } from '../src/tree/node-path.js';

const parent = '/dev/shm';

/** A folder in memory, gone after the tests of the file. */
function folder(): string {
  const dir = mkdtempSync(`${parent}/varve-watch-`);
  after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A root with folders and files of one letter each, known as it is. */
function knownRoot(paths: readonly string[]): { readonly dir: string; readonly state: RootState } {
  const dir = folder();
  const state = new RootState(dir, 'xxh3');
  const node = (path: string): number => {
    const [name = '', above = ''] = [path.split('/').at(-1), path.split('/').slice(0, -1).join('/')];
    const known = findNode(state.table, path);
    return known === -1 ? state.table.add(node(above), Buffer.from(name)) : known;
  };
  const owner = { uid: 0, gid: 0, size: 1, mtimeNs: 0n };
  for (const path of paths) {
    const type = path.endsWith('/') ? 'directory' : 'file';
    if (type === 'directory') mkdirSync(`${dir}/${path}`, { recursive: true });
    else writeFileSync(`${dir}/${path}`, 'x');
    writeEntry(state.table, node(path.replace(/\/$/, '')), { ...owner, type, mode: 0o755 });
  }
  return { dir, state };
}

function suspected({ state }: { readonly state: RootState }, watch: OpenWatch): readonly string[] | undefined {
  const suspects = watch.suspects();
  return suspects && [...suspects.keys()].filter(node => suspects[node] === 1).map(node => state.pathOf(node));
}

describe('files that were opened', () => {
  it('are known, with their other names, and no others', () => {
    const root = knownRoot(['a/', 'a/b/', 'read', 'written', 'a/b/mapped', 'a/held', 'a/one', 'a/b/chmod', 'a/b/idle']);
    const held = openSync(`${root.dir}/a/held`, 'r+');
    const { dir, state } = root;
    linkSync(`${dir}/a/one`, `${dir}/a/b/other`);
    writeEntry(state.table, state.table.add(findNode(state.table, 'a/b'), Buffer.from('other')), {
      ...{ type: 'file', mode: 0o644, uid: 0, gid: 0, size: 1, mtimeNs: 0n },
    });
    const group = state.table.groups.fresh();
    for (const path of ['a/one', 'a/b/other']) joinGroup(state.table, group, findNode(state.table, path));
    using watch = OpenWatch.begin(state) as OpenWatch;
    assert.deepEqual(suspected(root, watch), []);
    readFileSync(`${dir}/read`);
    chmodSync(`${dir}/a/b/chmod`, 0o600);
    writeFileSync(`${dir}/written`, 'y');
    writeFileSync(`${dir}/a/new`, 'y');
    // A folder is known wherever it is.
    renameSync(`${dir}/a/b`, `${dir}/moved`);
    writeThroughMapping(`${dir}/moved/mapped`, Buffer.from('y'));
    renameSync(`${dir}/moved`, `${dir}/a/b`);
    closeSync(held);
    readdirSync(`${dir}/a`);
    writeThroughMapping(`${dir}/a/b/other`, Buffer.from('y'));
    assert.deepEqual(suspected(root, watch)?.toSorted(), [
      ...['a/b/mapped', 'a/b/other', 'a/held', 'a/one', 'read', 'written'],
    ]);
  });

  it('may be any where the kernel had more to tell than it keeps', () => {
    const root = knownRoot(['one', 'two']);
    using watch = OpenWatch.begin(root.state) as OpenWatch;
    const most = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'latin1'));
    for (let i = 0; i <= most; i++) closeSync(openSync(`${root.dir}/${i % 2 === 0 ? 'one' : 'two'}`, 'r+'));
    assert.equal(suspected(root, watch), undefined);
    assert.equal(suspected(root, watch), undefined);
  });

  it('are known from step to step, wherever folders were moved and made anew meanwhile', async () => {
    const base = folder();
    const root = await openDirectoryRoot({ dir: base, canChown: true }, { content: 'auto', hash: 'xxh3', threads: 1 });
    try {
      const plain = { uid: 0, gid: 0, mtimeNs: 0n };
      const change = (path: string): Change =>
        path.endsWith('/')
          ? { kind: 'write', path: path.slice(0, -1), entry: { type: 'directory', mode: 0o755, size: 0, ...plain } }
          : {
              ...{ kind: 'write', path, content: { kind: 'bytes', bytes: Buffer.from('x') } },
              entry: { type: 'file', mode: 0o644, size: 1, ...plain },
            };
      const paths = ['a/', 'a/in/', 'a/in/file', 'b/', 'b/in/', 'b/in/file', 'c/', 'c/file', 'still/', 'still/file'];
      const ancestor = () => ({ type: 'directory', mode: 0o755, size: 0, ...plain }) as const;
      const lay = (added: readonly string[]) =>
        root.apply({ diffId: '', tar: () => writeLayerTar(added.map(change), { ancestor }) }, signal);
      const found = async (act: (at: string) => void): Promise<readonly string[]> => {
        await root.beforeRun();
        act(root.dir);
        const changes: string[] = [];
        for await (const { kind, path } of root.capture([], signal)) changes.push(`${kind} ${path}`);
        return changes.filter(told => told.endsWith('file'));
      };
      const map = (path: string) => (at: string) => writeThroughMapping(`${at}/${path}`, Buffer.from('y'));
      await lay(paths);
      assert.deepEqual(await found(map('a/in/file')), ['write a/in/file']);
      // Two folders change places, another one is made anew, and what is in them has the names that it had.
      await found(at => {
        renameSync(`${at}/a`, `${at}/t`);
        renameSync(`${at}/b`, `${at}/a`);
        renameSync(`${at}/t`, `${at}/b`);
        rmSync(`${at}/c`, { recursive: true });
        mkdirSync(`${at}/c`);
        writeFileSync(`${at}/c/file`, 'x');
      });
      assert.deepEqual(await found(map('b/in/file')), []);
      assert.deepEqual(await found(at => writeThroughMapping(`${at}/b/in/file`, Buffer.from('z'))), [
        'write b/in/file',
      ]);
      assert.deepEqual(await found(map('a/in/file')), ['write a/in/file']);
      assert.deepEqual(await found(map('c/file')), ['write c/file']);
      await lay(['c/', 'c/more/', 'c/more/file']);
      assert.deepEqual(await found(map('c/more/file')), ['write c/more/file']);
      assert.deepEqual(await found(map('still/file')), ['write still/file']);
    } finally {
      await root[Symbol.asyncDispose]();
    }
  });

  it('are not known where a folder of the tree is not there', () => {
    const root = knownRoot(['a/']);
    rmSync(`${root.dir}/a`, { recursive: true });
    assert.equal(OpenWatch.begin(root.state), undefined);
  });
});

const signal = AbortSignal.timeout(60_000);

/** Lays a file of 32 MB and a small one on a root in `dir`, does something as a step would, and gives what is found, and how much was read for it. */
async function capture(
  dir: string,
  content: 'auto' | 'all',
  act: (at: string) => void,
): Promise<{ readonly found: readonly string[]; readonly read: number }> {
  mkdirSync(dir);
  const root = await openDirectoryRoot({ dir, canChown: true }, { content, hash: 'xxh3', threads: 1 });
  try {
    const plain = { uid: 0, gid: 0, mtimeNs: 0n };
    const file = (path: string, bytes: Buffer): Change => ({
      ...{ kind: 'write', path, content: { kind: 'bytes', bytes } },
      entry: { type: 'file', mode: 0o644, size: bytes.length, ...plain },
    });
    const changes = [file('large', Buffer.alloc(32 << 20, 'x')), file('small', Buffer.from('small'))];
    const ancestor = () => ({ type: 'directory', mode: 0o755, size: 0, ...plain }) as const;
    await root.apply({ diffId: 'sha256:test', tar: () => writeLayerTar(changes, { ancestor }) }, signal);
    await root.beforeRun();
    act(root.dir);
    const before = bytesRead();
    const found: string[] = [];
    for await (const { kind, path } of root.capture([], signal)) found.push(`${kind} ${path}`);
    return { found, read: bytesRead() - before };
  } finally {
    await root[Symbol.asyncDispose]();
  }
}

function bytesRead(): number {
  return Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1]);
}

describe('on a file system in memory', () => {
  const write = (at: string): void => writeThroughMapping(`${at}/small`, Buffer.from('SMALL'));

  it('only what was opened is read, and what was written is found', async () => {
    const { found, read } = await capture(`${folder()}/root`, 'auto', at => {
      const { mtimeNs, ctimeNs } = lstatSync(`${at}/small`, { bigint: true });
      write(at);
      const { mtimeNs: mtime, ctimeNs: ctime } = lstatSync(`${at}/small`, { bigint: true });
      assert.deepEqual([mtime, ctime], [mtimeNs, ctimeNs]);
    });
    assert.deepEqual(found, ['write small']);
    assert.ok(read < 1 << 20, `${read} bytes were read`);
  });

  it('all is read where that is asked for', async () => {
    const { found, read } = await capture(`${folder()}/root`, 'all', write);
    assert.deepEqual(found, ['write small']);
    assert.ok(read > 32 << 20, `${read} bytes were read`);
  });

  const skip = process.geteuid?.() === 0 ? false : 'needs root';
  it('the same holds on an overlay of it', { skip }, async () => {
    const base = folder();
    for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(`${base}/${name}`);
    const options = `lowerdir=${base}/lower,upperdir=${base}/upper,workdir=${base}/work`;
    const mounted = spawnSync('mount', ['-t', 'overlay', 'o', '-o', options, `${base}/merged`]);
    assert.equal(mounted.status, 0, String(mounted.stderr));
    try {
      const { found, read } = await capture(`${base}/merged/root`, 'auto', write);
      assert.deepEqual(found, ['write small']);
      assert.ok(read < 1 << 20, `${read} bytes were read`);
      assert.deepEqual([...treeOfFolder(`${base}/merged/root/root`).walk()].length, 3);
    } finally {
      spawnSync('umount', [`${base}/merged`]);
    }
  });
});
