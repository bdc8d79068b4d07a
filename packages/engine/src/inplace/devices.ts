import {
  type BigIntStats,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { mountPoints } from '../sys/mount-points.js';
import { decodeDevice, makeDevice } from '../sys/nodes.js';
import { setTimes } from '../sys/times.js';
import { isMemory } from './memory.js';

/** Folders of the container that every step sees and may write to, and that no layer holds. */
const folders = ['/dev/shm', '/dev'] as const;

/** What a container has in /dev, or what became of it. */
interface DeviceFile {
  readonly stats: BigIntStats;
  /** Of a link. */
  readonly target?: string;
}

/**
 * Notes what is in /dev and in shared memory. Gives what removes all that is new there, and puts back devices and links that were removed or changed:
 * the container needs them, for the next step already. What is mounted there stays as it is.
 */
export function watchDevices(dirs: readonly string[] = folders): () => void {
  const before = dirs
    .filter(existsSync)
    .map(dir => ({ dir, known: filesIn(dir), time: lstatSync(dir, { bigint: true }).mtimeNs }));
  return () => {
    const points = new Set(mountPoints());
    for (const { dir, known, time } of before) {
      for (const name of readdirSync(dir)) {
        const path = join(dir, name);
        if (!known.has(name) && !isMemory(name) && !points.has(path)) rmSync(path, { recursive: true, force: true });
      }
      for (const [name, file] of known) if (!points.has(join(dir, name))) putBack(join(dir, name), file);
      setTimes(dir, time);
    }
  };
}

function filesIn(dir: string): ReadonlyMap<string, DeviceFile> {
  return new Map(
    readdirSync(dir).flatMap(name => {
      const file = look(join(dir, name));
      return file === undefined ? [] : [[name, file] as const];
    }),
  );
}

function look(path: string): DeviceFile | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return stats.isSymbolicLink() ? { stats, target: readlinkSync(path) } : { stats };
}

function putBack(path: string, file: DeviceFile): void {
  const { stats, target } = file;
  const isDevice = stats.isCharacterDevice() || stats.isBlockDevice();
  if (!isDevice && target === undefined) return;
  const now = look(path);
  if (now !== undefined && isSame(now, file)) return;
  rmSync(path, { recursive: true, force: true });
  if (target === undefined) {
    makeDevice(path, stats.isBlockDevice() ? 'block' : 'char', 0o600, decodeDevice(stats.rdev));
    chownSync(path, Number(stats.uid), Number(stats.gid));
    chmodSync(path, Number(stats.mode & 0o7777n));
  } else symlinkSync(target, path);
}

function isSame(a: DeviceFile, b: DeviceFile): boolean {
  if (a.target !== undefined || b.target !== undefined) return a.target === b.target;
  return (['mode', 'rdev', 'uid', 'gid'] as const).every(name => a.stats[name] === b.stats[name]);
}
