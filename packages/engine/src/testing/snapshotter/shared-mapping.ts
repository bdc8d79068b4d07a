import { closeSync, openSync } from 'node:fs';
import { checked, libc } from '../../sys/index.js';

const readWrite = 3;
const mapShared = 1;
const mmap = libc.func('intptr_t mmap(void *at, uint64_t length, int protection, int flags, int fd, int64_t offset)');
const write = libc.func('intptr_t memcpy(intptr_t to, void *from, uint64_t length)');
const read = libc.func('void *memcpy(void *to, intptr_t from, uint64_t length)');
const munmap = libc.func('int munmap(intptr_t at, uint64_t length)');

/**
 * Writes over the beginning of a file through a shared mapping. On tmpfs this moves neither its mtime nor its ctime, as long as the
 * first access to the page is one that reads: it makes the page writable, and nothing is told of the write.
 */
export function writeThroughMapping(path: string | Buffer, bytes: Uint8Array): void {
  const fd = openSync(path, 'r+');
  try {
    const at = checked(mmap(null, bytes.length, readWrite, mapShared, fd, 0), 'mmap', path);
    read(new Uint8Array(bytes.length), at, bytes.length);
    write(at, bytes, bytes.length);
    checked(munmap(at, bytes.length), 'munmap', path);
  } finally {
    closeSync(fd);
  }
}
