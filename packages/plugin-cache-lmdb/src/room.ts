import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** More than an empty database and its lock file take. */
const wanted = 256 * 1024;

/**
 * Throws where there is no room for a new database (`ENOSPC`, `EDQUOT`), which is tried and not asked for. LMDB writes to its lock
 * file through a mapping: on a file system that is full that ends the process with a signal that nothing can catch.
 */
export function assertRoom(dir: string): void {
  const file = join(dir, `room-${process.pid}`);
  try {
    writeFileSync(file, Buffer.alloc(wanted));
  } finally {
    rmSync(file, { force: true });
  }
}
