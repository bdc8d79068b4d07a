import { checked, lastErrno, libc } from './libc.js';

const prctl = libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)');
const waitpid = libc.func('int waitpid(int pid, void *status, int options)');
const configureLookup = libc.func('int __nss_configure_lookup(const char *database, const char *services)');

const PR_SET_DUMPABLE = 4;
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

/**
 * Puts this process's environment, memory, descriptors and folders out of reach of others that are the same user, root included, unless they
 * hold CAP_SYS_PTRACE.
 */
export function hideProcess(): void {
  checked(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), 'prctl(PR_SET_DUMPABLE)');
}

/** Processes whose parents end become children of this one. */
export function adoptOrphans(): void {
  checked(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 'prctl(PR_SET_CHILD_SUBREAPER)');
}

/** Takes note of the end of a child that Node does not know; nothing where it has not ended, or is no child of this process. */
export function reap(pid: number): void {
  waitpid(pid, null, WNOHANG);
}

/** What the C library is to look up by files and DNS alone: what /etc/nsswitch.conf says would load libraries by name. */
const databases = ['hosts', 'passwd', 'group', 'services', 'protocols', 'networks'] as const;

/** From now on no name that this process looks up loads a library, whatever /etc/nsswitch.conf comes to say. */
export function lookUpNamesPlainly(): void {
  try {
    for (const name of databases) configureLookup(name, name === 'hosts' ? 'files dns' : 'files');
  } catch {
    // Another C library than glibc has no such configuration.
    lastErrno();
  }
}
