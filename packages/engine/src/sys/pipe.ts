import { checked, libc } from './libc.js';

const pipe2 = libc.func('int pipe2(int *fds, int flags)');
const O_CLOEXEC = 0o2000000;

/** A pipe of the kernel; both ends are closed in children unless handed to them. The caller closes both. */
export function openPipe(): { readonly read: number; readonly write: number } {
  const fds = new Int32Array(2);
  checked(pipe2(fds, O_CLOEXEC), 'pipe2', 'pipe');
  const [read = -1, write = -1] = fds;
  return { read, write };
}
