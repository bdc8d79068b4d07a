import { futimesSync, lutimesSync } from 'node:fs';
import { isPlainPath } from '../path/bytes.js';
import { checked, libc, once, pathArgument } from './libc.js';

const atCwd = -100;
const noFollow = 0x100;
const second = 1_000_000_000n;

const utimensat = libc.func('int utimensat(int dir, const void *path, const void *times, int flags)');
const futimens = libc.func('int futimens(int fd, const void *times)');
const scratch = once(() => Buffer.alloc(32));

/** Sets access and modification time of a path to one instant, exact to the nanosecond, links not followed. */
export function setTimes(path: string | Buffer, timeNs: bigint): void {
  if (isPlainTime(timeNs) && (typeof path !== 'string' || isPlainPath(path))) {
    const seconds = Number(timeNs / second);
    lutimesSync(path, seconds, seconds);
    return;
  }
  checked(utimensat(atCwd, pathArgument(path), timespecs(timeNs), noFollow), 'utimensat', path);
}

/** The same for an open file. */
export function setTimesOfOpen(fd: number, timeNs: bigint): void {
  if (isPlainTime(timeNs)) {
    const seconds = Number(timeNs / second);
    futimesSync(fd, seconds, seconds);
    return;
  }
  checked(futimens(fd, timespecs(timeNs)), 'futimens');
}

/** Node passes times as doubles, exact for whole seconds only, and takes a negative one for now. */
function isPlainTime(timeNs: bigint): boolean {
  return timeNs >= 0n && timeNs % second === 0n;
}

/** Two equal `struct timespec`; the seconds are rounded down, as nanoseconds may not be negative. */
function timespecs(timeNs: bigint): Buffer {
  const times = scratch();
  const nanoseconds = ((timeNs % second) + second) % second;
  for (const at of [0, 16]) {
    times.writeBigInt64LE((timeNs - nanoseconds) / second, at);
    times.writeBigInt64LE(nanoseconds, at + 8);
  }
  return times;
}
