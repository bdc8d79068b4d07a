import { readFileSync } from 'node:fs';

/** Mount points of this process's mount namespace at or below a folder, deepest first. Empty where there is no /proc. */
export function mountsBelow(dir: string, mountinfo: string = readMountinfo()): readonly string[] {
  const points = mountinfo
    .split('\n')
    .map(line => line.split(' ')[4])
    .filter(point => point !== undefined)
    .map(unescapeMount);
  return points.filter(point => point === dir || point.startsWith(`${dir}/`)).reverse();
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
