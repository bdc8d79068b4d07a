import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Mount points at or below a folder, deepest first, as the kernel lists them for this process. */
export function mountsBelow(folder: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[4] ?? '')
    .map(point => point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
  return points.filter(point => point === folder || point.startsWith(`${folder}/`)).reverse();
}

/**
 * Removes a folder of a test with all that is in it, and never anything behind a mount: what is mounted below is unmounted
 * first, where that fails nothing is removed, and rm itself stays on the folder's file system. A chroot that a killed
 * program left behind may have the machine's own /dev, /proc and /sys mounted in it.
 */
export function removeFolder(folder: string): void {
  for (const point of mountsBelow(folder)) spawnSync('umount', ['--lazy', '--no-canonicalize', point]);
  const left = mountsBelow(folder);
  if (left.length > 0) throw new Error(`not removed, for these are still mounted: ${left.join(', ')}`);
  const removed = spawnSync('rm', ['-rf', '--one-file-system', folder], { encoding: 'utf8' });
  if (removed.status !== 0) throw new Error(`${folder} is not removed: ${removed.stderr.slice(0, 2000)}`);
}
