import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchTree } from './bench-tree.js';

/** Somebody else who looks for changes below a folder. Gives milliseconds. */
export interface Peer {
  readonly name: string;
  look(dir: string, round: number): number;
}

/** The lower bound: a C program that calls getdents and statx and does nothing with what they say. Undefined without a compiler. */
export function lowerBound(scratch: string): Peer | undefined {
  const source = new URL('../../snapshot/walk.c', import.meta.url).pathname;
  const program = join(scratch, 'walk');
  if (spawnSync('cc', ['-O2', '-o', program, source]).status !== 0) return undefined;
  return {
    name: 'C: getdents + statx',
    look: dir => Number(spawnSync(program, [dir]).stdout.toString().split(' ')[1]) / 1e6,
  };
}

/** `find -printf` with everything that evidence is made of; what is to be compared with would be the one before. */
export const find: Peer = {
  name: 'find -printf (ctime)',
  look: dir => wall('find', [dir, '-printf', '%p %i %s %m %U %G %C@ %T@\\n']),
};

/** GNU tar, against the state that it wrote down at first. Contents of the root are not read: the archive is /dev/null. */
export function incrementalTar(scratch: string): Peer {
  const first = join(scratch, 'state');
  return {
    name: 'tar --listed-incremental',
    look(dir, round) {
      const state = join(scratch, `state-${round}`);
      const args = (file: string): readonly string[] => [
        `--listed-incremental=${file}`,
        '-cf',
        '/dev/null',
        '-C',
        dir,
        '.',
      ];
      if (!existsSync(first)) wall('tar', args(first));
      copyFileSync(first, state);
      const took = wall('tar', args(state));
      rmSync(state);
      return took;
    },
  };
}

/**
 * Buildah with its overlay driver: files of a container are changed on its mount, and committed as a layer. Undefined where it cannot be used.
 * Gives the milliseconds of each commit, which finds the changes and packs them.
 */
export function buildahCommits(parent: string, tree: BenchTree, rounds: number): readonly number[] | undefined {
  const folder = mkdtempSync(`${parent}/varve-bench-buildah-`);
  const flags = ['--root', `${folder}/root`, '--runroot', `${folder}/run`, '--storage-driver', 'overlay'];
  const call = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('buildah', [...flags, ...args], { maxBuffer: 1 << 26 });
    if (status !== 0) throw new Error(`buildah ${args[0]}: ${stderr?.toString() ?? 'not found'}`);
    return stdout.toString().trim();
  };
  try {
    mkdirSync(`${folder}/run`);
    const first = call('from', 'scratch');
    call('add', '--quiet', first, tree.tar, '/');
    call('commit', '--quiet', '--disable-compression', first, 'bench');
    call('rm', first);
    return Array.from({ length: rounds }, (_, round) => {
      const container = call('from', 'localhost/bench');
      const mounted = call('mount', container);
      for (let i = 0; i < 10; i++)
        appendFileSync(`${mounted}/${tree.files[(round * 997 + i * 4001) % tree.files.length]}`, 'x');
      call('umount', container);
      const began = performance.now();
      call('commit', '--quiet', '--disable-compression', container, `bench-${round}`);
      const took = performance.now() - began;
      call('rm', container);
      return took;
    });
  } catch (error) {
    console.error(`left out: ${(error as Error).message.split('\n')[0]}`);
    return undefined;
  } finally {
    spawnSync('umount', ['-l', `${folder}/root/overlay`]);
    rmSync(folder, { recursive: true, force: true });
  }
}

function wall(program: string, args: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`${program}: ${stderr.toString()}`);
  return performance.now() - began;
}
