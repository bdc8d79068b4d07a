import { closeSync, constants, openSync } from 'node:fs';
import { mount } from './mount.js';

/** What the kernel takes as the data of one mount. */
const longestData = 4095;

/** An overlay: `lower` from the uppermost down. Without `upper` and `work` it can only be read. */
export interface OverlayMount {
  readonly lower: readonly string[];
  readonly upper?: string;
  readonly work?: string;
  readonly options?: readonly string[];
}

/**
 * Mounts an overlay on an existing folder, in the mount namespace of this process. Errors: `SysError` with the kernel's code
 * (`EINVAL` where the file system cannot hold an upper folder, or an option is not known).
 */
export function mountOverlay(overlay: OverlayMount, target: string, flags = 0): void {
  const { lower, upper, work, options = [] } = overlay;
  const tail = [
    ...(upper === undefined ? [] : [`upperdir=${escaped(upper)}`]),
    ...(work === undefined ? [] : [`workdir=${escaped(work)}`]),
    ...options,
  ];
  const data = (folders: readonly string[]) => [`lowerdir=${folders.join(':')}`, ...tail].join(',');
  const plain = data(lower.map(escaped));
  if (Buffer.byteLength(plain) <= longestData) {
    mount({ source: 'overlay', target, type: 'overlay', flags, data: plain });
    return;
  }
  // Many layers with long paths: descriptors name them in a few bytes each.
  const fds = lower.map(path => openSync(path, constants.O_RDONLY | constants.O_DIRECTORY));
  try {
    mount({ source: 'overlay', target, type: 'overlay', flags, data: data(fds.map(fd => `/proc/self/fd/${fd}`)) });
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

/** Commas end an option and colons a layer. */
function escaped(path: string): string {
  return path.replace(/[\\,:]/g, '\\$&');
}
