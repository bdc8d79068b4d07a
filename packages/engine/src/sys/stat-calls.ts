import { loadKoffi } from './koffi.js';
import { once } from './libc.js';

const flags = {
  /** O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC; the middle two differ between x86 and ARM. */
  directory: (process.arch === 'arm64' ? 0o140000 : 0o600000) | 0o2000000,
  /** O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC: a pipe that took a file's place must not block us. */
  file: (process.arch === 'arm64' ? 0o100000 : 0o400000) | 0o4000 | 0o2000000,
};
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;

/**
 * The few calls that a walk makes for every file, relative to an open directory. They take addresses and answer numbers, since
 * anything more would cost as much as the call itself. Each answers −errno for a failure.
 */
export interface StatCalls {
  /** A directory below `dir` (or by a path, where `dir` is undefined), never through a link at its end. */
  openDirectory(dir: number | undefined, name: Memory): number;
  /** A file for reading, never through a link at its end. */
  openFile(dir: number | undefined, name: Memory): number;
  close(fd: number): void;
  /** getdents64(2): bytes written to `buffer`, 0 at the end. */
  readEntries(fd: number, buffer: Memory, length: number): number;
  read(fd: number, buffer: Memory, length: number): number;
  /** Back to the beginning of an open file. */
  rewind(fd: number): void;
  /** Writes a `struct statx`, of a name in `dir` or of a path; of a link itself, not of what it leads to. */
  stat(dir: number | undefined, name: Memory, into: Memory): number;
  /** The same for an open file. */
  statOpen(fd: number, into: Memory): number;
  readLink(dir: number, name: Memory, into: Memory, length: number): number;
  /** Address of memory that stays where it is as long as somebody holds it. */
  address(memory: Uint8Array): number;
}

/** Bytes, or their address. A name ends with a zero byte. */
export type Memory = Uint8Array | number;

/** Bound on first use; each thread has its own. */
export const statCalls: () => StatCalls = once(() => {
  const koffi = loadKoffi();
  const c = koffi.load(null);
  const openat = c.func('int openat(int dir, void *name, int flags, int mode)');
  const close = c.func('int close(int fd)');
  const getdents = c.func('int64_t getdents64(int fd, void *buffer, uint64_t length)');
  const statx = c.func('int statx(int dir, void *name, int flags, uint32_t mask, void *into)');
  const read = c.func('int64_t read(int fd, void *buffer, uint64_t length)');
  const readlinkat = c.func('int64_t readlinkat(int dir, void *name, void *into, uint64_t length)');
  const lseek = c.func('int64_t lseek(int fd, int64_t offset, int whence)');
  const noName = new Uint8Array(1);
  const answer = (result: number): number => (result === -1 ? -koffi.errno() : result);
  return {
    openDirectory: (dir, name) => answer(openat(dir ?? AT_FDCWD, name, flags.directory, 0)),
    openFile: (dir, name) => answer(openat(dir ?? AT_FDCWD, name, flags.file, 0)),
    close: fd => void close(fd),
    readEntries: (fd, buffer, length) => answer(getdents(fd, buffer, length)),
    read: (fd, buffer, length) => answer(read(fd, buffer, length)),
    rewind: fd => void lseek(fd, 0, 0),
    stat: (dir, name, into) => answer(statx(dir ?? AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, into)),
    statOpen: (fd, into) => answer(statx(fd, noName, AT_EMPTY_PATH, STATX_BASIC_STATS, into)),
    readLink: (dir, name, into, length) => answer(readlinkat(dir, name, into, length)),
    address: memory => Number(koffi.address(memory)),
  };
});

/** A name or path as the kernel wants it, with the zero byte behind it. */
export function zeroEnded(path: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(path.length + 1);
  bytes.set(path);
  return bytes;
}
