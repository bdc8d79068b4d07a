import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BuildOptions } from '@varve/engine';
import type { Output } from '../src/terminal/output.js';
import { ChangeWatcher } from '../src/watch/change-watcher.js';
import { type WatchedBuild, watchBuilds } from '../src/watch/watch-builds.js';
import { watchedPaths } from '../src/watch/watched-paths.js';

let dir: string;
const at = (...names: readonly string[]): string => join(dir, ...names);
const write = (name: string, text = `${Math.random()}`): void => {
  mkdirSync(join(at(name), '..'), { recursive: true });
  writeFileSync(at(name), text);
};
const options = (more: Partial<BuildOptions> = {}): BuildOptions => ({
  context: 'context',
  cwd: dir,
  store: at('store'),
  env: {},
  ...more,
});

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'varve-watch-')));
  write('context/Dockerfile', 'FROM scratch\n');
  write('context/src/a.txt');
  write('context/node_modules/x.js');
  write('context/node_modules/kept/y.js');
  write('context/.dockerignore', 'node_modules\n!node_modules/kept\n*.log\nDockerfile\n');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('what is told of changes', () => {
  /** The paths that a change is told by, all of those that are waited for. */
  async function changesOf(watcher: ChangeWatcher, change: () => void, wanted = 1): Promise<readonly string[]> {
    change();
    const told = new Set<string>();
    while (told.size < wanted)
      for (const path of await watcher.next(AbortSignal.timeout(20_000))) told.add(relative(dir, path));
    return [...told];
  }

  /** That nothing comes of a change. */
  async function nothingOf(watcher: ChangeWatcher, change: () => void): Promise<void> {
    change();
    const told = await watcher.next(AbortSignal.timeout(600)).catch(() => []);
    assert.deepEqual(told, []);
  }

  it('is a burst at a time: files written, made and removed, in new folders too', async () => {
    await using watcher = await ChangeWatcher.open(watchedPaths(options()));
    const burst = await changesOf(
      watcher,
      () => {
        write('context/src/a.txt');
        write('context/src/b.txt');
      },
      2,
    );
    assert.deepEqual(burst, ['context/src/a.txt', 'context/src/b.txt']);
    assert.deepEqual(await changesOf(watcher, () => rmSync(at('context/src/b.txt'))), ['context/src/b.txt']);
    const made = await changesOf(watcher, () => write('context/new/deep/c.txt'));
    assert.ok(made.every(path => path.startsWith('context/new')));
  });

  it('is nothing of what an ignore file leaves out, but for the Dockerfile', async () => {
    await using watcher = await ChangeWatcher.open(watchedPaths(options()));
    await nothingOf(watcher, () => write('context/node_modules/x.js'));
    await nothingOf(watcher, () => write('context/debug.log'));
    assert.deepEqual(await changesOf(watcher, () => write('context/node_modules/kept/y.js')), [
      'context/node_modules/kept/y.js',
    ]);
    assert.deepEqual(await changesOf(watcher, () => write('context/Dockerfile')), ['context/Dockerfile']);
  });

  it('follows the ignore file, also one that comes later and counts more', async () => {
    await using watcher = await ChangeWatcher.open(watchedPaths(options()));
    const told = await changesOf(watcher, () => write('context/.dockerignore', 'src\n'));
    assert.deepEqual(told, ['context/.dockerignore']);
    await sleep(300);
    await nothingOf(watcher, () => write('context/src/a.txt'));
    assert.deepEqual(await changesOf(watcher, () => write('context/node_modules/x.js')), ['context/node_modules/x.js']);
    await changesOf(watcher, () => write('context/Dockerfile.dockerignore', 'node_modules\n'));
    await sleep(300);
    assert.deepEqual(await changesOf(watcher, () => write('context/src/a.txt')), ['context/src/a.txt']);
    await nothingOf(watcher, () => write('context/node_modules/x.js'));
  });

  it('is nothing of what the build writes, though it lies in the context', async () => {
    const outputs = [
      { type: 'local', attributes: { dest: 'context/out' } },
      { type: 'oci', attributes: { dest: 'context/app.tar' } },
    ];
    const paths = watchedPaths(options({ outputs, iidFile: 'context/iid', store: at('context/store') }));
    await using watcher = await ChangeWatcher.open(paths);
    for (const name of ['out/f', 'app.tar', '.app.tar.0123456789abcdef.tmp', 'iid', 'store/blobs/x'])
      await nothingOf(watcher, () => write(`context/${name}`));
    assert.notDeepEqual(await changesOf(watcher, () => write('context/output')), []);
  });

  it('is of links, also of those that lead nowhere, and of nothing that they lead to', async () => {
    write('elsewhere/x');
    symlinkSync('/', at('context/src/root'));
    symlinkSync('../elsewhere', at('context/elsewhere'));
    await using watcher = await ChangeWatcher.open(watchedPaths(options()));
    await nothingOf(watcher, () => write('elsewhere/x'));
    const link = (target: string): void => {
      rmSync(at('context/src/link'), { force: true });
      symlinkSync(target, at('context/src/link'));
    };
    for (const target of ['/nowhere', '/nowhere/else', 'a.txt', '/'])
      assert.deepEqual(await changesOf(watcher, () => link(target)), ['context/src/link'], target);
    await nothingOf(watcher, () => symlinkSync('/nowhere', at('context/node_modules/link')));
    assert.deepEqual(await changesOf(watcher, () => rmSync(at('context/src/link'))), ['context/src/link']);
  });

  it('is of a context and a Dockerfile that are links, and not of what the build writes there', async () => {
    write('elsewhere/My.Dockerfile');
    symlinkSync('context', at('linked'));
    symlinkSync('elsewhere/My.Dockerfile', at('Linked.Dockerfile'));
    const outputs = [{ type: 'local', attributes: { dest: 'linked/new/out' } }];
    const paths = watchedPaths(options({ context: 'linked', file: 'Linked.Dockerfile', outputs }));
    await using watcher = await ChangeWatcher.open(paths);
    assert.deepEqual(await changesOf(watcher, () => write('context/src/a.txt')), ['context/src/a.txt']);
    assert.deepEqual(await changesOf(watcher, () => write('elsewhere/My.Dockerfile')), ['Linked.Dockerfile']);
    mkdirSync(at('context/new'));
    await changesOf(watcher, () => undefined);
    await nothingOf(watcher, () => write('context/new/out/f'));
  });

  it('waits until changes are seen by what an ignore file says now', async () => {
    await using watcher = await ChangeWatcher.open(watchedPaths(options()));
    for (let round = 0; round < 3; round += 1) {
      await changesOf(watcher, () => write('context/.dockerignore', `node_modules\n# ${round}\n`));
      // At once, as somebody does whose build has just begun.
      assert.deepEqual(await changesOf(watcher, () => write('context/src/a.txt')), ['context/src/a.txt']);
    }
  });

  it('is also of a Dockerfile elsewhere and of named contexts', async () => {
    write('elsewhere/My.Dockerfile');
    write('other/x');
    const paths = watchedPaths(
      options({ file: 'elsewhere/My.Dockerfile', buildContexts: { other: 'other', base: 'docker-image://x' } }),
    );
    await using watcher = await ChangeWatcher.open(paths);
    assert.deepEqual(await changesOf(watcher, () => write('elsewhere/My.Dockerfile')), ['elsewhere/My.Dockerfile']);
    assert.deepEqual(await changesOf(watcher, () => write('other/x')), ['other/x']);
    await nothingOf(watcher, () => write('elsewhere/unrelated'));
  });
});

describe('watching', () => {
  const said: string[] = [];
  const stderr: Output = {
    write: text => void said.push(text),
    isTTY: false,
    size: () => ({ columns: 80, rows: 24 }),
    onResize: () => () => undefined,
  };

  /** Watches with builds that a test ends, until `scenario` is over. */
  async function watching(
    more: { readonly exec?: string },
    scenario: (builds: { readonly superseded: AbortSignal; end(build: WatchedBuild): void }[]) => Promise<void>,
  ): Promise<number> {
    said.length = 0;
    const builds: { readonly superseded: AbortSignal; end(build: WatchedBuild): void }[] = [];
    const ended = watchBuilds({
      paths: watchedPaths(options()),
      cwd: dir,
      stderr,
      mode: 'json',
      ...more,
      build: superseded =>
        new Promise(end => {
          builds.push({ superseded, end });
          superseded.addEventListener('abort', () => end({ exitCode: 1 }));
        }),
    });
    try {
      await until(() => builds.length === 1);
      await scenario(builds);
    } finally {
      // Not SIGINT, which the test runner takes for its own.
      process.emit('SIGHUP', 'SIGHUP');
      builds.at(-1)?.end({ exitCode: 129 });
    }
    return await ended;
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let waited = 0; !condition(); waited += 20) {
      assert.ok(waited < 10_000, `nothing happens; so far ${said.join('')}`);
      await sleep(20);
    }
  }

  it('builds again after a change, stops a build that a change makes useless, and ends with the signal', async () => {
    const code = await watching({}, async builds => {
      builds[0]?.end({ exitCode: 0, digest: 'sha256:1' });
      await until(() => said.some(line => line.includes('"watching"')));
      write('context/src/a.txt');
      await until(() => builds.length === 2);
      assert.equal(builds[1]?.superseded.aborted, false);
      write('context/src/b.txt');
      await until(() => builds.length === 3);
      assert.equal(builds[1]?.superseded.aborted, true);
      builds[2]?.end({ exitCode: 1 });
      await until(() => said.at(-1)?.includes('"ok":false') === true);
      for (const [count, digest] of [
        [4, 'sha256:1'],
        [5, 'sha256:2'],
      ] as const) {
        write('context/src/a.txt');
        await until(() => builds.length === count);
        builds[count - 1]?.end({ exitCode: 0, digest });
        await until(() => said.at(-1)?.includes('"watching"') === true);
      }
    });
    assert.equal(code, 129);
    assert.deepEqual(
      said.map(line => (JSON.parse(line) as { type: string }).type),
      ['watching', 'changed', 'changed', 'watching', 'changed', 'watching', 'changed', 'watching'],
    );
    const same = said.flatMap(line => (JSON.parse(line) as { readonly same?: boolean }).same ?? []);
    assert.deepEqual(same, [false, true, false]);
  });

  it('runs a command after each success, and ends it before the next build', async () => {
    const exec = `echo $$ $VARVE_DIGEST >> ${at('ran')}; sleep 60`;
    await watching({ exec }, async builds => {
      builds[0]?.end({ exitCode: 0, digest: 'sha256:1' });
      await until(() => existsSync(at('ran')));
      write('context/src/a.txt');
      await until(() => builds.length === 2);
      const [pid = '', digest] = readFileSync(at('ran'), 'utf8').trim().split(' ');
      assert.equal(digest, 'sha256:1');
      assert.ok(!existsSync(`/proc/${pid}`), 'the command lives on');
      builds[1]?.end({ exitCode: 1 });
      await sleep(200);
      assert.equal(readFileSync(at('ran'), 'utf8').trim().split('\n').length, 1);
    });
  });
});
