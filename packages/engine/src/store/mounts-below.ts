import { mountPoints } from '../sys/mount-points.js';

/** Mount points of this process's mount namespace at or below a folder, deepest first. Empty where there is no /proc. */
export function mountsBelow(dir: string, mountinfo?: string): readonly string[] {
  return mountPoints(mountinfo)
    .filter(point => point === dir || point.startsWith(`${dir}/`))
    .reverse();
}
