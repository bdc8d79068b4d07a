import { existsSync, renameSync } from 'node:fs';
import { mountsById } from '../sys/mount-points.js';

/**
 * A step can rename a folder in which something is mounted, and the mount goes with it. Gives what brings such folders back to where they are now,
 * and tells which those were.
 */
export function watchMounts(trash: string): () => readonly string[] {
  const before = mountsById();
  return () => {
    const moved: string[] = [];
    for (const [id, path] of before) {
      const now = mountsById().get(id);
      if (now === undefined || now === path) continue;
      const [from, to] = withoutCommonEnd(now, path);
      if (existsSync(to)) renameSync(to, `${trash}/moved-${id}`);
      renameSync(from, to);
      moved.push(to);
    }
    return moved;
  };
}

/** The folders by which two paths differ: `/b/x` and `/a/x` are `/b` and `/a`. */
function withoutCommonEnd(a: string, b: string): readonly [string, string] {
  const [one, other] = [a.split('/'), b.split('/')];
  while (one.length > 2 && other.length > 2 && one.at(-1) === other.at(-1)) {
    one.pop();
    other.pop();
  }
  return [one.join('/'), other.join('/')];
}
