import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { bytesToPath } from '../path/bytes.js';

/** A failed system call, of the shape that `node:fs` throws. */
export interface SystemError extends Error {
  /** `EPERM`, `ENOENT`, … */
  readonly code: string;
  /** Negative, as in Node. */
  readonly errno: number;
  readonly syscall: string;
  readonly path?: string;
}

export function systemError(syscall: string, errno: number, path?: string | Uint8Array): SystemError {
  const code = getSystemErrorName(-errno);
  const shown = path === undefined ? undefined : typeof path === 'string' ? path : bytesToPath(path);
  const message = shown === undefined ? `${code}: ${syscall}` : `${code}: ${syscall} '${shown}'`;
  return Object.assign(new Error(message), {
    code,
    errno: -errno,
    syscall,
    ...(shown === undefined ? {} : { path: shown }),
  });
}

/** Whether an error says that the kernel or the file system does not let this process do it, or cannot do it at all. */
export function isNotPermitted(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'EPERM' || code === 'EACCES' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS';
}

export const { EINVAL, ENAMETOOLONG, ENODATA, EOPNOTSUPP } = constants.errno;
