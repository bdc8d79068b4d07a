import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ExecutorCase, runScript, runStep } from './world.js';

const exited = (code: number) => ({ kind: 'exited', code });

/** Who a step is, what it is given and how it ends. */
export const identityCases: readonly ExecutorCase[] = [
  [
    'the environment is the given one and nothing else',
    async world => {
      const env = ['PATH=/bin', 'HOME=/nowhere', 'EMPTY=', 'EQUALS=a=b', 'SPACE= x ', 'TWO=1\n2', 'UTF=naïve €'];
      const { exit, stdout } = await runStep(world, ['/bin/env'], { env });
      assert.deepEqual(exit, exited(0));
      assert.equal(stdout, `${env.join('\n')}\n`);
    },
  ],
  [
    'arguments arrive as given',
    async world => {
      const args = ['', ' a b ', '$HOME', '"', '\n', 'é'];
      const { stdout } = await runStep(world, ['printf', '<%s>', ...args]);
      assert.equal(stdout, args.map(arg => `<${arg}>`).join(''));
    },
  ],
  [
    'the working directory is the given one, also one that its user may not enter',
    async world => {
      mkdirSync(join(world.root, 'home/closed'), { mode: 0o700 });
      assert.equal((await runScript(world, 'pwd', { cwd: '/home/user' })).stdout, '/home/user\n');
      const user = { uid: 1000, gid: 1001, groups: [] };
      const closed = await runStep(world, ['/bin/echo', 'in'], { cwd: '/home/closed', user });
      assert.equal(closed.stdout, 'in\n');
    },
  ],
  [
    'a working directory that is not there is made',
    async world => {
      assert.equal(
        (await runScript(world, 'pwd; stat -c "%a %u" .', { cwd: '/home/new/one' })).stdout,
        '/home/new/one\n755 0\n',
      );
    },
  ],
  [
    'a working directory in /proc is refused',
    async world => {
      await assert.rejects(runScript(world, 'pwd', { cwd: '/proc/self/fd/3' }), { code: 'E_EXECUTOR' });
    },
  ],
  [
    'user, group and supplementary groups are the given ones',
    async world => {
      const user = { uid: 1000, gid: 1001, groups: [5, 6] };
      const { stdout } = await runScript(world, 'cat /proc/self/status', { user });
      assert.match(stdout, /^Uid:\t1000\t1000\t1000\t1000$/m);
      assert.match(stdout, /^Gid:\t1001\t1001\t1001\t1001$/m);
      assert.match(stdout, /^Groups:\t5 6 $/m);
      assert.match((await runScript(world, 'cat /proc/self/status')).stdout, /^Groups:\t *0? *$/m);
    },
  ],
  [
    'the umask is 022 and no signal is blocked or ignored',
    async world => {
      const { stdout } = await runStep(world, ['cat', '/proc/self/status']);
      assert.match(stdout, /^Umask:\t0022$/m);
      for (const field of ['SigBlk', 'SigIgn']) assert.match(stdout, new RegExp(`^${field}:\t0+$`, 'm'));
    },
  ],
  [
    'limits are the given ones',
    async world => {
      const ulimits = [
        { name: 'nofile', soft: 123, hard: 456 },
        { name: 'core', soft: 0, hard: -1 },
      ];
      const { stdout } = await runScript(world, 'ulimit -Sn; ulimit -Hn; ulimit -Hc', { ulimits });
      assert.equal(stdout, '123\n456\nunlimited\n');
    },
  ],
  [
    'exit codes are passed on',
    async world => {
      for (const code of [0, 1, 7, 255]) {
        assert.deepEqual((await runScript(world, `exit ${code}`)).exit, exited(code));
      }
      const killed = await runScript(world, 'sh -c "kill -9 \\$\\$"; exit $?');
      assert.deepEqual(killed.exit, exited(137));
    },
  ],
  [
    'a missing program is exit 127, one that may not be executed 126',
    async world => {
      writeFileSync(join(world.root, 'bin/plain'), 'text\n');
      chmodSync(join(world.root, 'bin/plain'), 0o644);
      const missing = await runStep(world, ['nothing-of-this-name']);
      assert.deepEqual(missing.exit, exited(127));
      assert.match(missing.stderr, /nothing-of-this-name/);
      assert.deepEqual((await runStep(world, ['/bin/missing'])).exit, exited(127));
      assert.deepEqual((await runStep(world, ['/bin/plain'])).exit, exited(126));
    },
  ],
  [
    'a program without a slash is found on the PATH of the step',
    async world => {
      mkdirSync(join(world.root, 'opt'));
      writeFileSync(join(world.root, 'opt/tool'), '#!/bin/sh\necho found\n');
      chmodSync(join(world.root, 'opt/tool'), 0o755);
      const env = ['PATH=/nowhere:/opt', 'HOME=/'];
      assert.equal((await runStep(world, ['tool'], { env })).stdout, 'found\n');
    },
  ],
  [
    'standard input is empty',
    async world => {
      assert.equal((await runScript(world, 'cat | wc -c')).stdout.trim(), '0');
    },
  ],
  [
    'the hostname is the given one',
    async world => {
      assert.equal((await runScript(world, 'hostname', { hostname: 'builder-7' })).stdout, 'builder-7\n');
    },
  ],
];
