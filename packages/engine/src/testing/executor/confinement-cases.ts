import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskedPaths, readOnlyPaths } from '../../executor/confinement.js';
import { elfMachine, tinyElf } from '../../executor/tiny-elf.js';
import { isForeignProc } from '../../sys/process-tree.js';
import { type ExecutorCase, runScript, runStep } from './world.js';

/** Docker's 14 capabilities as a mask. */
const dockerMask = '00000000a80425fb';

/**
 * The classic way out of a chroot, for x86-64: mkdir("/jail"), chroot("/jail"), chdir("..") 64 times, chroot("."), then
 * exit with 1 where access(argv[1]) succeeds and 0 where it does not.
 */
const escapeCode =
  '488b5c2410488d3d5c000000beed010000b8530000000f05488d3d49000000b8a10000000f0541bc40000000488d3d3b000000b8500000000f0541ff' +
  'cc75ed488d3d2b000000b8a10000000f054889df31f6b8150000000f0531ff85c0400f94c7b8e70000000f052f6a61696c002e2e002e00';

/** What a step may not see and may not do. */
export const confinementCases: readonly ExecutorCase[] = [
  [
    "capabilities are Docker's, and none for a user who is not root",
    async world => {
      const root = (await runScript(world, 'cat /proc/self/status')).stdout;
      for (const set of ['Prm', 'Eff', 'Bnd']) assert.match(root, new RegExp(`^Cap${set}:\t${dockerMask}$`, 'm'));
      const user = { uid: 1000, gid: 1001, groups: [] };
      const other = (await runScript(world, 'cat /proc/self/status', { user })).stdout;
      for (const set of ['Prm', 'Eff']) assert.match(other, new RegExp(`^Cap${set}:\t0{16}$`, 'm'));
      assert.match(other, new RegExp(`^CapBnd:\t${dockerMask}$`, 'm'));
      for (const status of [root, other]) {
        for (const set of ['Inh', 'Amb']) assert.match(status, new RegExp(`^Cap${set}:\t0{16}$`, 'm'));
        assert.match(status, /^NoNewPrivs:\t0$/m);
      }
    },
  ],
  [
    'system calls are filtered',
    async world => {
      assert.match((await runScript(world, 'cat /proc/self/status')).stdout, /^Seccomp:\t2$/m);
      const refused = await runScript(world, 'unshare -U true');
      assert.notDeepEqual(refused.exit, { kind: 'exited', code: 0 });
    },
  ],
  [
    'nothing can be mounted or unmounted',
    async world => {
      const attempts = [
        ...['mount -t tmpfs none /tmp', 'mount -o remount,rw /sys', 'mount --bind /proc /tmp', 'mount -t proc p /tmp'],
        ...['umount /proc/keys', 'umount /sys/firmware', 'umount /proc', 'mount -o remount,bind,rw,dev /'],
      ];
      for (const attempt of attempts) {
        const { exit } = await runScript(world, attempt);
        assert.notDeepEqual(exit, { kind: 'exited', code: 0 }, attempt);
      }
    },
  ],
  [
    'a double chroot does not lead out',
    async world => {
      const machine = elfMachine('x64');
      if (process.arch !== 'x64' || machine === undefined) return;
      const marker = join(world.outside, 'marker');
      writeFileSync(marker, 'outside\n');
      const program = join(world.root, 'bin/escape');
      writeFileSync(program, tinyElf(machine, Buffer.from(escapeCode, 'hex')));
      chmodSync(program, 0o755);
      // Out of a plain chroot it does lead: the program works.
      assert.equal(spawnSync('chroot', [world.root, '/bin/escape', marker]).status, 1);
      assert.deepEqual((await runStep(world, ['/bin/escape', marker])).exit, { kind: 'exited', code: 0 });
    },
  ],
  [
    "the builder's files are out of sight",
    async world => {
      writeFileSync(join(world.outside, 'secret'), 'x');
      const { stdout } = await runScript(world, `ls / ; ls -d ${world.outside} /proc/1/root${world.outside}`);
      const roots = stdout.split('\n').filter(name => name !== '');
      const own = readdirSync(world.root).filter(name => !name.startsWith('.'));
      assert.deepEqual(roots.sort(), [...new Set([...own, 'dev', 'proc', 'sys'])].sort());
    },
  ],
  [
    "the builder's processes, environment and memory are out of sight",
    async world => {
      const token = `token-${process.pid}-${Date.now()}`;
      process.env.VARVE_SUITE_TOKEN = token;
      try {
        const script = `echo $$; for f in /proc/[0-9]*; do echo $f; cat $f/environ $f/cmdline; done`;
        const { stdout } = await runScript(world, script);
        assert.match(stdout, /^1\n/);
        assert.ok(!stdout.includes(token));
        // Where parts of /proc are masked the step sees the one there is, with a list of processes.
        if (isForeignProc()) return;
        const pids = [...stdout.matchAll(/^\/proc\/(\d+)$/gm)].map(match => Number(match[1]));
        assert.ok(pids.length <= 3, `${pids.length} processes are in sight`);
        assert.ok(!stdout.includes('launcher') && !stdout.includes('config.json'));
      } finally {
        delete process.env.VARVE_SUITE_TOKEN;
      }
    },
  ],
  [
    'no descriptor is inherited but the standard streams',
    async world => {
      // 3 is the folder that ls reads.
      const { stdout } = await runStep(world, ['ls', '/proc/self/fd']);
      assert.deepEqual(stdout.trim().split('\n'), ['0', '1', '2', '3']);
    },
  ],
  [
    'kernel files are masked or read-only',
    async world => {
      const { stdout: mounts } = await runScript(world, 'cat /proc/mounts');
      for (const path of [...maskedPaths, ...readOnlyPaths].filter(path => existsSync(path))) {
        const line = mounts.split('\n').findLast(mount => mount.split(' ')[1] === path);
        assert.ok(line, `${path} is a mount of its own`);
        if (readOnlyPaths.includes(path)) assert.match(line, / ro,/, path);
      }
      const masked = maskedPaths.filter(path => existsSync(path)).join(' ');
      const { stdout } = await runScript(world, `for p in ${masked}; do test -d $p && ls $p || cat $p; done`);
      assert.equal(stdout, '');
      assert.match(mounts, /^sysfs \/sys sysfs ro,/m);
      const { exit } = await runScript(world, 'echo 1 > /proc/sys/kernel/panic');
      assert.notDeepEqual(exit, { kind: 'exited', code: 0 });
    },
  ],
  [
    '/dev holds the usual devices, and they work',
    async world => {
      const script = [
        'set -e; cd /dev; echo x > null; head -c 4 zero | wc -c; head -c 8 urandom | wc -c; head -c 8 random | wc -c',
        'for l in fd stdin stdout stderr ptmx; do readlink $l; done; test -c full; test -c tty; test -d mqueue',
        'exec 4<>/dev/ptmx; echo x > shm/file; stat -c %a shm null; df -k shm | grep -o "^shm *65536 "',
      ].join('; ');
      const { exit, stdout, stderr } = await runScript(world, script);
      assert.deepEqual(exit, { kind: 'exited', code: 0 }, stderr);
      const links = ['/proc/self/fd', '/proc/self/fd/0', '/proc/self/fd/1', '/proc/self/fd/2', 'pts/ptmx'];
      assert.deepEqual(stdout.split(/\s+/).filter(Boolean), ['4', '8', '8', ...links, '1777', '666', 'shm', '65536']);
    },
  ],
  [
    'device nodes that a step makes are of no use',
    async world => {
      const script = [
        'for d in /tmp /dev /dev/shm /home/user; do',
        'mknod $d/null c 1 3 2>/dev/null; mknod $d/mine c 1 5; mknod $d/disk b 259 0;',
        'head -c 1 $d/mine 2>/dev/null && echo $d char; head -c 1 $d/disk 2>/dev/null && echo $d block; rm -f $d/mine $d/disk; done; true',
      ].join(' ');
      assert.equal((await runScript(world, script)).stdout, '');
    },
  ],
  [
    "the machine's device nodes cannot be changed",
    async world => {
      const before = modeOf('/dev/null');
      await runScript(world, 'chmod 600 /dev/null /proc/self/fd/0 /dev/zero; rm -f /dev/null');
      assert.equal(modeOf('/dev/null'), before);
    },
  ],
  [
    'without a network there is loopback alone, and it is up',
    async world => {
      const { stdout } = await runScript(world, 'cat /proc/net/dev; cat /sys/class/net/lo/flags', { network: 'none' });
      assert.deepEqual(interfaces(stdout), ['lo']);
      assert.equal(Number(stdout.trim().split('\n').at(-1)) & 1, 1);
    },
  ],
  [
    "the host's network is the host's",
    async world => {
      const { stdout } = await runScript(world, 'cat /proc/net/dev');
      assert.deepEqual(interfaces(stdout), interfaces(readFileSync('/proc/net/dev', 'utf8')));
    },
  ],
  [
    'an insecure step keeps all capabilities and may mount',
    async world => {
      const script = 'cat /proc/self/status; mount -t tmpfs none /tmp && touch /tmp/x && umount /tmp && echo mounted';
      const { stdout } = await runScript(world, script, { security: 'insecure' });
      const own = /^CapBnd:\t(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
      assert.match(stdout, new RegExp(`^CapEff:\t${own}$`, 'm'));
      assert.match(stdout, /^Seccomp:\t0$/m);
      assert.match(stdout, /^mounted$/m);
    },
  ],
];

function modeOf(path: string): number {
  return statSync(path).mode;
}

function interfaces(text: string): readonly string[] {
  return [...text.matchAll(/^\s*([^\s:|]+):/gm)].map(match => match[1] ?? '').sort();
}
