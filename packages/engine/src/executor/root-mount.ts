import { closeSync, constants, openSync } from 'node:fs';
import type { RootMount } from '../model/root.js';
import { bindMount, mount, mountFlags } from '../sys/mount.js';

/** What the kernel takes as the data of one mount. */
const longestData = 4095;

/**
 * Shows a root on `target`, an existing folder, in the mount namespace of this process. Device nodes in it do not work unless
 * `devices` says so: a step may make any, and there may be no device cgroup to stop it. The caller takes the mount away.
 */
export function mountRoot(root: RootMount, target: string, devices: boolean): void {
  const flags = devices ? 0 : mountFlags.noDev;
  if (root.kind === 'directory') {
    bindMount(root.path, target, flags);
    return;
  }
  mountOverlay(root, target, flags);
}

function mountOverlay(root: Extract<RootMount, { kind: 'overlay' }>, target: string, flags: number): void {
  const tail = [`upperdir=${escaped(root.upper)}`, `workdir=${escaped(root.work)}`, ...(root.options ?? [])];
  const data = (lower: readonly string[]) => [`lowerdir=${lower.join(':')}`, ...tail].join(',');
  const plain = data(root.lower.map(escaped));
  if (Buffer.byteLength(plain) <= longestData) {
    mount({ source: 'overlay', target, type: 'overlay', flags, data: plain });
    return;
  }
  // Many layers with long paths: descriptors name them in a few bytes each.
  const fds = root.lower.map(path => openSync(path, constants.O_RDONLY | constants.O_DIRECTORY));
  try {
    const short = data(fds.map(fd => `/proc/self/fd/${fd}`));
    mount({ source: 'overlay', target, type: 'overlay', flags, data: short });
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

/** Commas end an option and colons a layer. */
function escaped(path: string): string {
  return path.replace(/[\\,:]/g, '\\$&');
}
