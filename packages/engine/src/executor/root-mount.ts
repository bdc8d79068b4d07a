import type { RootMount } from '../model/root.js';
import { bindMount, mountFlags } from '../sys/mount.js';
import { mountOverlay } from '../sys/overlay.js';

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
