import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { build } from '../src/build.js';
import { hostOf } from '../src/host/client.js';
import { killHost, startHostProcess } from '../src/host/host-process.js';
import type { BuildOptions } from '../src/model/options.js';
import { startAhead } from '../src/session/host-ahead.js';
import { Blobs } from '../src/store/blobs.js';
import { openStore } from '../src/store/store.js';
import { canMount } from '../src/sys/own-privileges.js';
import { descendants } from '../src/sys/process-tree.js';

const place = { kind: 'namespaces' } as const;

describe('a root host that is started before the engine is loaded', { skip: canMount() ? false : 'needs root' }, () => {
  const cwd = mkdtempSync(join(tmpdir(), 'varve-ahead-'));
  after(() => rmSync(cwd, { recursive: true, force: true }));
  mkdirSync(join(cwd, 'context'));
  writeFileSync(join(cwd, 'context/file'), 'content');
  writeFileSync(join(cwd, 'context/Dockerfile'), 'FROM scratch AS unused\nRUN true\nFROM scratch\nCOPY file /\n');
  writeFileSync(join(cwd, 'plain'), 'FROM scratch\nCOPY file /\n');
  const options: BuildOptions = { context: 'context', cwd, store: join(cwd, 'store'), env: {}, noCache: true };

  it('is none where a cache is asked, nothing is run, or it is not known how', async () => {
    const others: readonly Partial<BuildOptions>[] = [
      { noCache: false },
      { file: 'plain' },
      { executor: { id: 'inplace', options: {} } },
      { plugins: [{ module: './absent.js', options: {} }], cwd: join(cwd, 'absent') },
    ];
    for (const other of others) assert.equal(startAhead({ ...options, ...other }), undefined, JSON.stringify(other));
    assert.deepEqual(descendants(process.pid), []);
  });

  it('ends where no build takes it', async () => {
    const ahead = startAhead(options);
    assert.ok(ahead);
    assert.notDeepEqual(descendants(process.pid), []);
    await ahead[Symbol.asyncDispose]();
    assert.deepEqual(descendants(process.pid), []);
  });

  it('is that of the build, which ends it', async () => {
    await using ahead = startAhead(options);
    await build(options, { ahead });
    assert.deepEqual(descendants(process.pid), []);
  });

  it('is left alone by a build that needs another one', async () => {
    const ahead = startAhead(options);
    await build({ ...options, store: join(cwd, 'other') }, { ahead });
    assert.notDeepEqual(descendants(process.pid), []);
    await ahead?.[Symbol.asyncDispose]();
    assert.deepEqual(descendants(process.pid), []);
  });

  it('is taken once, by whoever wants it as it is', async () => {
    await using ahead = startAhead(options);
    const setup = { storeDir: options.store, plugins: { named: [], bundled: [] } };
    assert.equal(ahead?.take({ kind: 'user-namespace', maps: { uid: [], gid: [] } }, setup), undefined);
    const taken = ahead?.take(place, setup);
    assert.ok(taken);
    assert.equal(ahead?.take(place, setup), undefined);
    await hostOf(taken, new Blobs(openStore(options.store), new AbortController().signal)).kill();
    assert.deepEqual(descendants(process.pid), []);
  });

  it('that has ended by the time it is asked is found to have', { timeout: 30_000 }, async () => {
    const started = startHostProcess(place, { storeDir: options.store, plugins: { named: [], bundled: [] } });
    await killHost(started);
    const host = hostOf(started, new Blobs(openStore(options.store), new AbortController().signal));
    await assert.rejects(host.call('choosePair', {}), { code: 'E_HOST_DIED' });
  });
});
