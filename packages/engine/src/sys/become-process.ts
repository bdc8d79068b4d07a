import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { checked, lastErrno, libc } from './libc.js';

const syscall = libc.func('long syscall(long number, long a, long b, long c)');
const pivotRoot = libc.func('int pivot_root(const char *newRoot, const char *putOld)');
const sethostname = libc.func('int sethostname(const char *name, size_t length)');
const fcntl = libc.func('int fcntl(int fd, int command, int argument)');
const setsidCall = libc.func('int setsid()');
const dup2 = libc.func('int dup2(int from, int to)');
const signalCall = libc.func('void *signal(int number, void *handler)');
const execveCall = libc.func('int execve(const char *path, const char **argv, const char **envp)');
const exitCall = libc.func('void _exit(int code)');
const getcwdCall = libc.func('long getcwd(void *buffer, size_t size)');
const socketCall = libc.func('int socket(int domain, int type, int protocol)');
const ioctlCall = libc.func('int ioctl(int fd, unsigned long request, void *argument)');

/** close_range(2) has this number everywhere. */
const SYS_close_range = 436;
const CLOSE_RANGE_CLOEXEC = 4;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const largestFd = 0xffffffff;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP_RUNNING = 0x41;
const interfaceNameSize = 16;

/** Makes the current folder, a mount point, the root, with the old one stacked on it; detach `.` to be rid of that. */
export function pivotRootHere(): void {
  checked(pivotRoot('.', '.'), 'pivot_root');
}

export function setHostname(name: string): void {
  checked(sethostname(name, Buffer.byteLength(name)), 'sethostname');
}

/** Starts a session without a terminal; for a process that leads its group already, nothing. */
export function startSession(): void {
  setsidCall();
}

/** Brings up the loopback interface of this network namespace. */
export function raiseLoopback(): void {
  const fd = checked(socketCall(AF_INET, SOCK_DGRAM, 0), 'socket');
  const request = Buffer.alloc(40);
  request.write('lo', 0, 'latin1');
  request.writeInt16LE(IFF_UP_RUNNING, interfaceNameSize);
  checked(ioctlCall(fd, SIOCSIFFLAGS, request), 'ioctl(SIOCSIFFLAGS)');
}

export function replaceFd(from: number, to: number): void {
  checked(dup2(from, to), 'dup2');
}

/** Hands a descriptor on to the program that takes over; Node marks even its standard streams to be closed. */
export function keepOnExec(fd: number): void {
  checked(fcntl(fd, F_SETFD, 0), 'fcntl');
}

/**
 * Has every descriptor from `first` on closed when another program takes over. Closing them at once would abort Node, whose threads
 * wait on some.
 */
export function closeOnExecFrom(first: number): void {
  if (syscall(SYS_close_range, first, largestFd, CLOSE_RANGE_CLOEXEC) === 0) return;
  // Before Linux 5.11.
  const fds = readdirSync('/proc/self/fd').map(Number);
  for (const fd of fds) if (fd >= first) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/** The current folder as the kernel sees it; `(unreachable)…` where it lies outside the root. */
export function currentFolder(): string {
  const buffer = Buffer.alloc(4096);
  checked(getcwdCall(buffer, buffer.length) === 0 ? -1 : 0, 'getcwd');
  return buffer.toString('utf8', 0, buffer.indexOf(0));
}

/** Gives the signals that this process ignores (SIGPIPE, since Node does) back their usual effect: execve would keep it. */
export function unignoreSignals(): void {
  const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  const mask = BigInt(`0x${ignored}`);
  for (let number = 1; number <= 31; number++) {
    if ((mask >> BigInt(number - 1)) & 1n) signalCall(number, null);
  }
}

/** Becomes another program. Returns only where that failed: with the name of the error. */
export function execve(path: string, argv: readonly string[], env: readonly string[]): string {
  execveCall(path, [...argv, null], [...env, null]);
  const errno = lastErrno();
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `E${errno}`;
}

/** Ends without anything that Node does at its end. */
export function exitNow(code: number): never {
  exitCall(code);
  throw new Error('unreachable');
}
