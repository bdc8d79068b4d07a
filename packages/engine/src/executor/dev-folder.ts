import { chmodSync, closeSync, mkdirSync, openSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isNotPermitted } from '../sys/errno.js';
import { bindMount, mount, mountFlags } from '../sys/mount.js';
import { makeDevice } from '../sys/nodes.js';

/** The devices of a container (runtime-spec, config-linux.md "Default Devices"), all of major number 1 but tty. */
const devices = { null: [1, 3], zero: [1, 5], full: [1, 7], random: [1, 8], urandom: [1, 9], tty: [5, 0] } as const;

const links = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  core: '/proc/kcore',
  ptmx: 'pts/ptmx',
} as const;

/** Folders on which an executor mounts devpts, shm and mqueue, with their modes. */
const folders = { pts: 0o755, shm: 0o1777, mqueue: 0o1777 } as const;

/**
 * Puts a step's /dev together on `target`, an existing folder: a small tmpfs on which device nodes do not work, with the usual
 * ones bound in from another tmpfs of the step's own on `nodesDir`. So a step can neither use a device that it makes itself (there
 * may be no device cgroup to stop it), nor change the machine's nodes. Where nodes cannot be made the machine's are bound.
 *
 * The caller mounts devpts on `pts`, shared memory on `shm` and message queues on `mqueue`, and takes the mounts on both folders away.
 */
export function mountDev(target: string, nodesDir: string): void {
  mountTmpfs(nodesDir, mountFlags.noSuid);
  mountTmpfs(target, mountFlags.noSuid | mountFlags.noDev);
  for (const [name, device] of Object.entries(devices)) {
    closeSync(openSync(join(target, name), 'wx', 0o666));
    const { path, isOwn } = deviceNode(nodesDir, name, device);
    // What reads and writes a device does not ask whether its mount may be written to, who changes the node does.
    const keep = isOwn ? 0 : mountFlags.readOnly;
    bindMount(path, join(target, name), mountFlags.noSuid | mountFlags.noExec | keep);
  }
  for (const [name, to] of Object.entries(links)) symlinkSync(to, join(target, name));
  for (const [name, mode] of Object.entries(folders)) {
    mkdirSync(join(target, name));
    // runc gives what it mounts the mode of the folder below.
    chmodSync(join(target, name), mode);
  }
}

function mountTmpfs(target: string, flags: number): void {
  mount({
    source: 'tmpfs',
    target,
    type: 'tmpfs',
    flags: flags | mountFlags.strictAtime,
    data: 'mode=755,size=65536k',
  });
}

/** A node of the step's own, or the machine's where this process may not make any (in a user namespace). */
function deviceNode(
  dir: string,
  name: string,
  [major, minor]: readonly [number, number],
): { readonly path: string; readonly isOwn: boolean } {
  const path = join(dir, name);
  try {
    makeDevice(path, 'char', 0o666, { major, minor });
  } catch (error) {
    if (!isNotPermitted(error)) throw error;
    return { path: `/dev/${name}`, isOwn: false };
  }
  chmodSync(path, 0o666);
  return { path, isOwn: true };
}
