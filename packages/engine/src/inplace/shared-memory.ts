import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mountPoints } from '../sys/mount-points.js';
import { isMemory } from './memory.js';

/** Folders of the container that every step sees and may write to, and that no layer holds. */
const folders = ['/dev/shm', '/dev'] as const;

/** Notes what is in /dev and in shared memory. Gives what removes all that is new there. */
export function watchDevices(): () => void {
  const before = new Map(folders.filter(existsSync).map(dir => [dir, new Set(readdirSync(dir))]));
  return () => {
    const points = new Set(mountPoints());
    for (const [dir, known] of before)
      for (const path of readdirSync(dir)
        .filter(name => !known.has(name) && !isMemory(name))
        .map(name => join(dir, name)))
        if (!points.has(path)) rmSync(path, { recursive: true, force: true });
  };
}
