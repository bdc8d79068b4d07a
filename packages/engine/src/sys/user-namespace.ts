import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import type { IdMaps, IdRange } from './id-map.js';

/** Descriptor on which the child waits for its ids. */
const gate = 4;

/**
 * Waits until the new namespace has its ids, and only then becomes the program: a process gains the namespace's capabilities by execve(2) as
 * its root, which nobody is before the maps are written. Both programs are this machine's.
 */
const wait = `printf . >&${gate} && read -r go <&${gate} && exec ${gate}>&- && exec "$@"`;

/** A program in a user namespace of its own. */
export interface MappedChild {
  readonly child: ChildProcess;
  /** Why the namespace got no ids; the child has ended then. Undefined as long as nothing is known of a failure. */
  failure(): string | undefined;
}

/**
 * Starts a program as root of a new user namespace with these ids. `stdio` has at most four places: the fifth is taken. The namespace ends
 * with its last process.
 */
export function spawnInUserNamespace(
  maps: IdMaps,
  command: readonly string[],
  options: SpawnOptions & { readonly stdio: readonly ('ignore' | 'inherit' | 'pipe' | 'ipc')[] },
): MappedChild {
  const stdio = [...options.stdio];
  while (stdio.length < gate) stdio.push('ignore');
  const child = spawn('unshare', ['--user', '--', 'sh', '-c', wait, 'sh', ...command], {
    ...options,
    stdio: [...stdio, 'pipe'],
  });
  const channel = child.stdio[gate] as Duplex | null;
  let failure: string | undefined;
  channel?.on('error', () => undefined);
  channel?.once('data', () => {
    mapIds(child.pid as number, maps).then(
      () => channel.end('\n'),
      (error: Error) => {
        failure = error.message;
        child.kill('SIGKILL');
      },
    );
  });
  return { child, failure: () => failure };
}

async function mapIds(pid: number, { uid, gid, programs }: IdMaps): Promise<void> {
  if (programs) {
    await Promise.all([callMapper(programs.uid, pid, uid), callMapper(programs.gid, pid, gid)]);
    return;
  }
  const lines = (ranges: readonly IdRange[]): string => ranges.map(range => `${fields(range).join(' ')}\n`).join('');
  writeFileSync(`/proc/${pid}/uid_map`, lines(uid));
  writeFileSync(`/proc/${pid}/gid_map`, lines(gid));
}

function callMapper(program: string, pid: number, ranges: readonly IdRange[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, [String(pid), ...ranges.flatMap(fields)], { env: {} }, (error, _stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${stderr.trim() || error.message}`));
      else resolve();
    });
  });
}

function fields({ inside, outside, count }: IdRange): readonly string[] {
  return [inside, outside, count].map(String);
}
