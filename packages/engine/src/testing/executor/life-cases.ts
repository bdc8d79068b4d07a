import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { prepareMountpoints } from '../../executor/mountpoints.js';
import { descendants, numberHere } from '../../sys/process-tree.js';
import { type ExecutorCase, type ExecutorWorld, runScript, stepOf } from './world.js';

/** A step ends, and nothing of it is left. */
export const lifeCases: readonly ExecutorCase[] = [
  [
    'a step is process 1 and takes all its processes with it',
    async world => {
      const token = newToken();
      const { stdout } = await runScript(world, `echo $$; sleep ${token} & (sleep ${token} &); exit 0`);
      assert.equal(stdout, '1\n');
      assert.deepEqual(processesWith(token), []);
    },
  ],
  [
    'processes that nobody waits for hold nothing up, and leave no zombie',
    async world => {
      const before = zombies();
      const script = 'i=0; while [ $i -lt 40 ]; do (sleep 0 &); i=$((i + 1)); done; exec sleep 0.2';
      assert.deepEqual((await runScript(world, script)).exit, { kind: 'exited', code: 0 });
      assert.deepEqual(
        zombies().filter(pid => !before.includes(pid)),
        [],
      );
    },
  ],
  [
    'a step that is killed from outside ends as killed',
    async world => {
      const token = newToken();
      const running = runScript(world, `exec sleep ${token}`);
      for (const pid of await waitForProcesses(token)) process.kill(numberHere(String(pid)) ?? pid, 'SIGKILL');
      const { exit } = await running;
      if (exit.kind === 'exited') assert.equal(exit.code, 137);
      else assert.equal(exit.signal, 'SIGKILL');
    },
  ],
  [
    'an abort in the middle kills everything and leaves nothing',
    async world => {
      const before = treeOf(world.root);
      const token = newToken();
      const abort = new AbortController();
      const step = stepOf(world, ['/bin/sh', '-c', `(sleep ${token} &) ; trap '' TERM INT; sleep ${token}`]);
      const mountpoints = prepareMountpoints(world.root, []);
      const running = world.executor.run(step, { stdout() {}, stderr() {} }, abort.signal);
      const settled = assert.rejects(running, /stop it/);
      await waitForProcesses(token);
      abort.abort(new Error('stop it'));
      await settled;
      mountpoints.remove();
      assert.deepEqual(processesWith(token), []);
      assertNothingLeft(world);
      assert.deepEqual(treeOf(world.root), before);
    },
  ],
  [
    'an abort at any moment of the start leaves nothing',
    async world => {
      const token = newToken();
      const mountpoints = prepareMountpoints(world.root, []);
      for (const after of [0, 5, 20, 50, 100]) {
        const step = stepOf(world, ['/bin/sleep', token]);
        const signal = AbortSignal.timeout(after);
        await assert.rejects(world.executor.run(step, { stdout() {}, stderr() {} }, signal), { name: 'TimeoutError' });
        assert.deepEqual(processesWith(token), []);
        assertNothingLeft(world);
      }
      mountpoints.remove();
    },
  ],
  [
    'what is made ready for a step is taken up by it, and goes with it',
    async world => {
      const before = ownDescendants();
      await using _ready = world.executor.prepare?.();
      for (const name of ['one', 'two']) assert.equal((await runScript(world, `echo ${name}`)).stdout, `${name}\n`);
      assert.deepEqual(ownDescendants(), before);
      if (!world.executor.preparesBeside) assertNothingLeft(world);
    },
  ],
  [
    'what is made ready for a step that never comes is taken away',
    async world => {
      const before = ownDescendants();
      await world.executor.prepare?.()[Symbol.asyncDispose]();
      assert.deepEqual(ownDescendants(), before);
      assertNothingLeft(world);
    },
  ],
  [
    'a step is made ready beside one that runs, and is another one',
    async world => {
      if (!world.executor.preparesBeside) return;
      const first = runScript(world, 'sleep 0.3; echo one; touch /dev/mine');
      await using _next = world.executor.prepare?.();
      assert.equal((await first).stdout, 'one\n');
      const user = { uid: 1000, gid: 1001, groups: [] };
      const script = 'id -u; ls /dev/mine; echo seen > /dev/stderr; echo two';
      const { stdout, stderr } = await runScript(world, script, { user });
      assert.equal(stdout, '1000\ntwo\n');
      assert.match(stderr, /No such file.*\nseen\n/s);
      assertNothingLeft(world);
    },
  ],
  [
    'nothing is left in the root, and no time of it moves',
    async world => {
      const before = treeOf(world.root);
      await delay(10);
      const mounts = [
        { kind: 'tmpfs', target: '/etc/new/tmp' },
        { kind: 'bind', source: world.outside, target: '/home/user/bound', readOnly: true },
      ] as const;
      await runScript(world, 'true', { mounts });
      assert.deepEqual(treeOf(world.root), before);
      assertNothingLeft(world);
    },
  ],
];

function newToken(): string {
  return `9${process.pid}.${Math.floor(Math.random() * 1e9)}`;
}

function processesWith(token: string): readonly number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => commandOf(pid).split('\0').slice(0, 2).join(' ').includes(`sleep ${token}`))
    .map(Number);
}

function ownDescendants(): readonly number[] {
  return [...descendants(process.pid)].sort((one, other) => one - other);
}

/** Children of this process that have ended and were not waited for. */
function zombies(): readonly string[] {
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const [, state, parent] = /^\d+ \(.*\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
      return state === 'Z' && Number(parent) === process.pid;
    } catch {
      return false;
    }
  });
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

async function waitForProcesses(token: string): Promise<readonly number[]> {
  for (let tries = 0; tries < 500; tries++) {
    const found = processesWith(token);
    if (found.length > 0) return found;
    await delay(20);
  }
  throw new Error('the step did not start');
}

function assertNothingLeft(world: ExecutorWorld): void {
  assert.deepEqual(readdirSync(world.scratchDir), []);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  for (const path of [world.root, world.outside, world.scratchDir]) assert.ok(!mounts.includes(path), mounts);
}

/** Every path with what must not change of it. */
function treeOf(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .concat('.')
    .filter(path => path !== 'bin' && !path.startsWith('bin/'))
    .sort()
    .map(path => {
      const { mode, mtimeNs, size } = statSync(join(root, path), { bigint: true });
      return `${path} ${mode.toString(8)} ${mtimeNs} ${size}`;
    });
}
