import { readFileSync } from 'node:fs';

/** Mount points of this process's mount namespace, in the order in which they were mounted. Empty where there is no /proc. */
export function mountPoints(mountinfo: string = readMountinfo()): readonly string[] {
  return mountinfo
    .split('\n')
    .map(line => line.split(' ')[4])
    .filter(point => point !== undefined)
    .map(unescapeMount);
}

/** The same by the number that a mount keeps as long as it is there, wherever it is moved. */
export function mountsById(mountinfo: string = readMountinfo()): ReadonlyMap<string, string> {
  const lines = mountinfo.split('\n').map(line => line.split(' '));
  return new Map(lines.flatMap(([id, , , , point]) => (id && point ? [[id, unescapeMount(point)] as const] : [])));
}

/** The mount point that an absolute path without links lies on. */
export function mountPointOf(path: string, points: readonly string[] = mountPoints()): string {
  const above = points.filter(point => point === '/' || path === point || path.startsWith(`${point}/`));
  return above.reduce((longest, point) => (point.length >= longest.length ? point : longest), '/');
}

/** Space, tab, newline and backslash are written as three octal digits (proc_pid_mountinfo(5)). */
function unescapeMount(point: string): string {
  return point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function readMountinfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}
