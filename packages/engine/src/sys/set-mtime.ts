import { checked, libc } from './libc.js';

const utimensat = libc.func('int utimensat(int dir, const char *path, const void *times, int flags)');
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const UTIME_OMIT = 0x3ffffffen;

/** Sets a path's modification time to the nanosecond, leaving its access time; a link itself, not what it leads to. */
export function setMtime(path: string, mtimeNs: bigint): void {
  const times = Buffer.alloc(32);
  times.writeBigInt64LE(UTIME_OMIT, 8);
  const seconds = mtimeNs >= 0n ? mtimeNs / 1_000_000_000n : -((-mtimeNs + 999_999_999n) / 1_000_000_000n);
  times.writeBigInt64LE(seconds, 16);
  times.writeBigInt64LE(mtimeNs - seconds * 1_000_000_000n, 24);
  checked(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 'utimensat', path);
}
