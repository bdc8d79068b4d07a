import { closeSync, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { libc } from './libc.js';

const mmap = libc.func('void *mmap(void *near, size_t length, int protection, int flags, int fd, int64_t offset)');
const munmap = libc.func('int munmap(void *at, size_t length)');
const memcmp = libc.func('int memcmp(void *at, void *other, size_t length)');
const memset = libc.func('void *memset(void *at, int value, size_t length)');

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const page = 4096;
/** Milliseconds: more than a tick of any kernel's clock. */
const tick = 12;

/** Whether a file that is written to through a shared mapping gets another ctime on the file system of a folder: tried with a file of its own. */
export function mappedWritesMoveTimes(dir: string): boolean {
  const path = join(dir, `mapped-${process.pid}`);
  const fd = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    writeSync(fd, Buffer.alloc(page));
    const before = fstatSync(fd, { bigint: true }).ctimeNs;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, tick);
    const at = mmap(null, page, PROT_READ_WRITE, MAP_SHARED, fd, 0) as unknown;
    // Read first: where nobody is told of writes, the page may be written to from then on.
    memcmp(at, at, page);
    memset(at, 1, page);
    munmap(at, page);
    return fstatSync(fd, { bigint: true }).ctimeNs !== before;
  } finally {
    closeSync(fd);
  }
}
