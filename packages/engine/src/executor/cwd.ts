import { VarveError } from '../model/error.js';
import { followInRoot } from './path-in-root.js';

/**
 * Refuses a working directory in /proc, whatever links lead there: `/proc/self/fd/N` might be a descriptor of whoever starts the
 * step, and so a way out of the root (CVE-2024-21626). Errors: `E_EXECUTOR`.
 */
export function refuseCwdInProc(rootDir: string, cwd: string): void {
  const { existing, missing } = followInRoot(rootDir, cwd);
  if ([...existing, ...missing][0] !== 'proc') return;
  throw new VarveError('E_EXECUTOR', `the working directory ${cwd} lies in /proc`, {
    hint: 'choose another WORKDIR',
  });
}
