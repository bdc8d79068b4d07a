import { constants } from 'node:os';
import { codeOf } from '../model/error.js';

const { errno } = constants;

/** Whether a call's answer (−errno) says that a path is not what it was a moment ago. */
export function isGone(result: number): boolean {
  return result === -errno.ENOENT || result === -errno.ENOTDIR || result === -errno.ELOOP;
}

/** The same of an error that was thrown; EINVAL is what readlink(2) says of something that is no link any more. */
export function isGoneError(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EINVAL';
}
