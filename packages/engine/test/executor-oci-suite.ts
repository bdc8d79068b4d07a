/** The executor suite, to be run by a process that is the first of its own namespaces, as a root host is: `executor-oci.test.ts` does. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ociExecutor } from '../src/executor/oci.js';
import { findOciRuntime, type OciRuntime } from '../src/executor/oci-runtime.js';
import { descendants } from '../src/sys/process-tree.js';
import { type ExecutorWorld, findStaticBusybox, makeWorld, runScript, stepOf } from '../src/testing/executor/world.js';
import { executorSuite } from '../src/testing/executor-suite.js';

const found = findOciRuntime(process.env) as OciRuntime;
executorSuite('oci in namespaces of its own', scratchDir => ociExecutor(found, scratchDir));

it('a runtime that waits for its step is there before it', { timeout: 60_000 }, () =>
  inWorld(async world => {
    await using _ready = world.executor.prepare?.();
    const [waiting, ...more] = descendants(process.pid);
    assert.deepEqual(more, []);
    const { stdout } = await runScript(world, 'echo $PPID; exec cat /proc/self/stat');
    assert.match(stdout, /^0\n1 /);
    assert.ok(waiting);
    assert.deepEqual(descendants(process.pid), []);
  }),
);

it('a runtime that was killed while it waited is started anew', { timeout: 60_000 }, () =>
  inWorld(async world => {
    await using _ready = world.executor.prepare?.();
    for (const pid of descendants(process.pid)) process.kill(pid, 'SIGKILL');
    await delay(100);
    assert.equal((await runScript(world, 'echo there')).stdout, 'there\n');
  }),
);

it('a config that no pipe holds is given as a file', { timeout: 60_000 }, () =>
  inWorld(async world => {
    await using _ready = world.executor.prepare?.();
    const env = ['PATH=/bin', `ONE=${'x'.repeat(100_000)}`, `TWO=${'y'.repeat(100_000)}`];
    const { stdout, exit } = await runScript(world, 'env | wc -c', { env });
    assert.deepEqual(exit, { kind: 'exited', code: 0 });
    assert.ok(Number(stdout) > 200_000, stdout);
  }),
);

it('an abort is heard while a runtime is being started anew', { timeout: 20_000 }, () =>
  inWorld(async world => {
    await using _ready = world.executor.prepare?.();
    const abort = new AbortController();
    const env = ['PATH=/bin', `ONE=${'x'.repeat(100_000)}`];
    const step = stepOf(world, ['/bin/sleep', '60'], { env });
    const running = world.executor.run(step, { stdout() {}, stderr() {} }, abort.signal);
    abort.abort(new Error('stop it'));
    await assert.rejects(running, /stop it/);
    assert.deepEqual(descendants(process.pid), []);
  }),
);

async function inWorld(run: (world: ExecutorWorld) => Promise<void>): Promise<void> {
  const scratchDir = mkdtempSync(join(tmpdir(), 'varve-executor-scratch-'));
  const executor = ociExecutor(found, scratchDir);
  try {
    using world = makeWorld({ executor, scratchDir, signal: AbortSignal.timeout(60_000) }, findStaticBusybox() ?? '');
    await run(world);
    assert.deepEqual(readdirSync(scratchDir), []);
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
}
