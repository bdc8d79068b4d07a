import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareMountpoints } from '../../executor/mountpoints.js';
import type { StepExit, StepProcess } from '../../model/process.js';
import type { Executor } from '../../plugin/executor.js';

/** What a case gets to work with: a root with a static busybox, and the executor. */
export interface ExecutorWorld {
  readonly executor: Executor;
  /** Folder in which the executor keeps what a step needs while it runs; empty otherwise. */
  readonly scratchDir: string;
  /** The root, a folder. */
  readonly root: string;
  /** A folder outside the root, for bind mounts and files that a step must not see. */
  readonly outside: string;
  /** Ends all steps of the case: its time is up. */
  readonly signal: AbortSignal;
}

export type ExecutorCase = readonly [name: string, run: (world: ExecutorWorld) => Promise<void>];

export interface RanStep {
  readonly exit: StepExit;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

export type StepChanges = Partial<Omit<StepProcess, 'argv'>>;

const applets = [
  ...[
    'sh',
    'cat',
    'chmod',
    'chroot',
    'dd',
    'echo',
    'env',
    'grep',
    'hostname',
    'id',
    'kill',
    'ln',
    'ls',
    'md5sum',
    'mkdir',
  ],
  ...[
    'mknod',
    'mount',
    'mv',
    'printf',
    'ps',
    'pwd',
    'rm',
    'sleep',
    'stat',
    'touch',
    'true',
    'umount',
    'unshare',
    'wc',
    'df',
  ],
  ...['readlink', 'test', 'head', 'seq'],
];

/** Path of a busybox that needs no library, Debian's busybox-static for instance. */
export function findStaticBusybox(): string | undefined {
  const onPath = (process.env.PATH ?? '').split(':').map(dir => `${dir}/busybox`);
  return ['/usr/bin/busybox', '/bin/busybox', '/bin/busybox.static', ...onPath].find(path => {
    try {
      return !readFileSync(path).includes('/ld-linux') && !readFileSync(path).includes('/ld-musl');
    } catch {
      return false;
    }
  });
}

/** The smallest root in which a shell runs. */
function makeRoot(root: string, busybox: string): void {
  for (const folder of ['bin', 'etc', 'tmp', 'root', 'home/user']) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(busybox, join(root, 'bin/busybox'));
  for (const applet of applets) symlinkSync('busybox', join(root, 'bin', applet));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1001::/home/user:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nuser:x:1001:\n');
}

export function makeWorld(
  given: Pick<ExecutorWorld, 'executor' | 'scratchDir' | 'signal'>,
  busybox: string,
): ExecutorWorld & Disposable {
  const base = mkdtempSync(join(tmpdir(), 'varve-executor-suite-'));
  const root = join(base, 'root');
  const outside = join(base, 'outside');
  mkdirSync(root);
  mkdirSync(outside);
  makeRoot(root, busybox);
  return {
    ...given,
    root,
    outside,
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** A step as a build would describe it: root, host's network, sandboxed. */
export function stepOf(
  world: ExecutorWorld,
  argv: readonly [string, ...string[]],
  changes: StepChanges = {},
): StepProcess {
  return {
    root: { kind: 'directory', path: world.root },
    argv,
    env: ['PATH=/bin', 'HOME=/root'],
    cwd: '/',
    user: { uid: 0, gid: 0, groups: [] },
    mounts: [],
    network: 'host',
    security: 'sandbox',
    hostname: 'varve',
    ...changes,
  };
}

/** Runs a step as a host would: mount points made before and taken away after. */
export async function runStep(
  world: ExecutorWorld,
  argv: readonly [string, ...string[]],
  changes: StepChanges = {},
): Promise<RanStep> {
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  const step = stepOf(world, argv, changes);
  const mountpoints = prepareMountpoints(world.root, step.mounts);
  try {
    const output = {
      stdout: (chunk: Uint8Array) => stdout.push(chunk),
      stderr: (chunk: Uint8Array) => stderr.push(chunk),
    };
    const exit = await world.executor.run(step, output, world.signal);
    const stdoutBytes = Buffer.concat(stdout);
    return { exit, stdoutBytes, stdout: stdoutBytes.toString(), stderr: Buffer.concat(stderr).toString() };
  } finally {
    mountpoints.remove();
  }
}

/** Runs a shell script in a step. */
export function runScript(world: ExecutorWorld, script: string, changes: StepChanges = {}): Promise<RanStep> {
  return runStep(world, ['/bin/sh', '-c', script], changes);
}
