import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lock, tryLock } from '../src/store/lock.js';
import { mountsBelow } from '../src/store/mounts-below.js';
import { oldestRunningBuild, openScratch, removeDeadBuilds, removeIfLeft } from '../src/store/scratch.js';
import { openStore, type Store } from '../src/store/store.js';
import { bindMount } from '../src/sys/mount.js';

const root = mkdtempSync(join(tmpdir(), 'varve-scratch-'));
after(() => rmSync(root, { recursive: true, force: true }));
let store: Store;
beforeEach(() => {
  store = openStore(mkdtempSync(join(root, 'store-')));
});

/** A build in another process that is killed after it has opened its scratch folder. Gives the folder. */
async function killedBuild(): Promise<string> {
  const child = fork(fileURLToPath(new URL('./scratch-process.js', import.meta.url)), [store.dir]);
  const [message] = (await once(child, 'message')) as [{ readonly dir: string }];
  child.kill('SIGKILL');
  await once(child, 'exit');
  return message.dir;
}

describe('scratch folders', () => {
  it('are gone with the build', async () => {
    {
      await using scratch = openScratch(store);
      writeFileSync(join(scratch.folder('root'), 'file'), 'x');
      assert.notEqual(scratch.folder('root'), scratch.folder('root'));
      assert.equal(readdirSync(scratch.dir).length, 3);
      assert.ok((oldestRunningBuild(store) ?? 0) > Date.now() - 60_000);
    }
    assert.deepEqual(readdirSync(store.scratchDir), []);
    assert.equal(oldestRunningBuild(store), undefined);
  });

  it('of killed builds are removed by the next one, those of running builds are not', async () => {
    await using running = openScratch(store);
    const dead = await killedBuild();
    assert.ok(existsSync(join(dead, 'root-0', 'file')));
    await openScratch(store)[Symbol.asyncDispose]();
    assert.ok(!existsSync(dead));
    assert.ok(existsSync(running.dir));
    assert.deepEqual(await removeDeadBuilds(store), []);
    assert.equal(readdirSync(store.scratchDir).length, 2);
  });

  it('that a build leaves are removed once it has let them go, and not sooner', async () => {
    const scratch = openScratch(store);
    writeFileSync(join(scratch.folder('root'), 'file'), 'x');
    scratch.leave();
    await removeIfLeft(scratch.dir, 20);
    assert.ok(existsSync(join(scratch.dir, 'root-0', 'file')));
    const removed = removeIfLeft(scratch.dir, 60_000);
    await scratch[Symbol.asyncDispose]();
    assert.ok(existsSync(join(scratch.dir, 'root-0', 'file')));
    await removed;
    assert.deepEqual(readdirSync(store.scratchDir), []);
    // Also where its build removed it after all.
    await removeIfLeft(scratch.dir, 20);
    assert.deepEqual(readdirSync(store.scratchDir), []);
  });

  it('are not removed through what is mounted in them', { skip: process.getuid?.() !== 0 }, async context => {
    const dead = await killedBuild();
    const precious = mkdtempSync(join(root, 'precious-'));
    writeFileSync(join(precious, 'keep'), 'me');
    mkdirSync(join(dead, 'mnt'));
    try {
      bindMount(precious, join(dead, 'mnt'));
    } catch {
      context.skip('mounts are not permitted here');
      return;
    }
    await openScratch(store)[Symbol.asyncDispose]();
    assert.ok(!existsSync(dead));
    assert.ok(existsSync(join(precious, 'keep')));
    assert.deepEqual(mountsBelow(store.dir), []);
  });

  it('take unfinished files of dead builds with them', async () => {
    const old = join(store.ingestDir, 'old');
    writeFileSync(old, 'half');
    utimesSync(old, 1, 1);
    await using scratch = openScratch(store);
    const own = join(store.ingestDir, 'own');
    writeFileSync(own, 'half');
    await openScratch(store)[Symbol.asyncDispose]();
    assert.ok(!existsSync(old));
    assert.ok(existsSync(own));
    assert.ok(existsSync(scratch.dir));
  });
});

describe('locks', () => {
  it('are held by one at a time', async () => {
    const path = join(store.dir, 'a.lock');
    const first = tryLock(path);
    assert.ok(first);
    assert.equal(tryLock(path), undefined);
    let got = false;
    const second = lock(path).then(held => {
      got = true;
      return held;
    });
    await new Promise(resolve => setTimeout(resolve, 20));
    assert.equal(got, false);
    first.release();
    (await second).release();
  });

  it('are waited for no longer than the signal allows', async () => {
    const path = join(store.dir, 'a.lock');
    const held = tryLock(path);
    await assert.rejects(lock(path, AbortSignal.timeout(30)), { name: 'AbortError' });
    held?.release();
  });
});

describe('mounts below a folder', () => {
  it('are listed deepest first, with their names as they are', () => {
    const line = (point: string): string => `36 35 98:0 / ${point} rw,noatime - ext3 /dev/root rw`;
    const text = ['/', '/a', '/a/b\\040c', '/a/b\\040c/d', '/ab'].map(line).join('\n');
    assert.deepEqual(mountsBelow('/a', text), ['/a/b c/d', '/a/b c', '/a']);
  });
});
