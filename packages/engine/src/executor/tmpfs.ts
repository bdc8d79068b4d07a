import type { StepMount } from '../model/process.js';
import { mount, mountFlags } from '../sys/mount.js';

/** Mounts the tmpfs that a step asked for on an existing folder. */
export function mountTmpfs(target: string, wanted: Extract<StepMount, { kind: 'tmpfs' }>): void {
  const size = wanted.size === undefined ? '' : `,size=${wanted.size}`;
  const data = `mode=${(wanted.mode ?? 0o1777).toString(8)}${size}`;
  mount({ source: 'tmpfs', target, type: 'tmpfs', flags: mountFlags.noSuid | mountFlags.noDev, data });
}
