import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../model/error.js';
import { checked, libc } from '../sys/libc.js';

const flock = libc.func('int flock(int fd, int operation)');
const operations = { shared: 1, exclusive: 2 } as const;
const nonBlocking = 4;

/** A lock that this process holds. The kernel ends it with the process, however that ends, also in another pid namespace. */
export interface FileLock {
  release(): void;
  /** From now on shares it with others who share it. */
  share(): void;
}

/**
 * Takes the lock on a file, making the file where there is none; undefined while another holder is alive (of a shared lock: one that
 * shares with nobody). Throws what the file system says.
 */
export function tryLock(path: string, kind: keyof typeof operations = 'exclusive'): FileLock | undefined {
  const fd = openSync(path, 'a', 0o600);
  try {
    checked(flock(fd, operations[kind] | nonBlocking), 'flock', path);
    // Whoever held it may have removed the file just now: a lock on a file without a name keeps nobody away.
    const own = fstatSync(fd);
    const named = statSync(path, { throwIfNoEntry: false });
    if (named?.ino === own.ino && named.dev === own.dev)
      return {
        release: () => closeSync(fd),
        share: () => void checked(flock(fd, operations.shared), 'flock', path),
      };
  } catch (error) {
    closeSync(fd);
    if (codeOf(error) === 'EAGAIN') return undefined;
    throw error;
  }
  closeSync(fd);
  return tryLock(path, kind);
}

/** Takes the lock, waiting for as long as others hold it. */
export async function lock(path: string, signal?: AbortSignal): Promise<FileLock> {
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    signal?.throwIfAborted();
    const held = tryLock(path);
    if (held) return held;
    await sleep(pause, undefined, signal ? { signal } : {});
  }
}
