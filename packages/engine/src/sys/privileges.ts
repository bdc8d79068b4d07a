import { loadKoffi } from './koffi.js';
import { checked, libc, once } from './libc.js';

const prctl = libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)');
const capset = libc.func('int capset(const void *header, const void *data)');
const setgroupsCall = libc.func('int setgroups(size_t size, const void *groups)');
const setresgid = libc.func('int setresgid(uint32_t real, uint32_t effective, uint32_t saved)');
const setresuid = libc.func('int setresuid(uint32_t real, uint32_t effective, uint32_t saved)');
const setrlimitCall = libc.func('int setrlimit(int resource, const void *limits)');

const PR_SET_PDEATHSIG = 1;
const PR_SET_SECCOMP = 22;
const PR_CAPBSET_READ = 23;
const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const SECCOMP_MODE_FILTER = 2;
const LINUX_CAPABILITY_VERSION_3 = 0x20080522;

/** Drops every capability but these from the bounding set of this thread, and all from its ambient set. */
export function keepBounding(kept: ReadonlySet<number>): void {
  for (let capability = 0; ; capability++) {
    const held = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (held < 0) break;
    if (held === 1 && !kept.has(capability))
      checked(prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), 'prctl(PR_CAPBSET_DROP)');
  }
  checked(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), 'prctl(PR_CAP_AMBIENT)');
}

/** Makes these the effective and permitted capabilities of this thread; none are inheritable. */
export function setCapabilities(kept: Iterable<number>): void {
  let mask = 0n;
  for (const capability of kept) mask |= 1n << BigInt(capability);
  const header = Buffer.alloc(8);
  header.writeUInt32LE(LINUX_CAPABILITY_VERSION_3, 0);
  const data = Buffer.alloc(24);
  for (const [index, half] of [mask & 0xffffffffn, mask >> 32n].entries()) {
    data.writeUInt32LE(Number(half), index * 12);
    data.writeUInt32LE(Number(half), index * 12 + 4);
  }
  checked(capset(header, data), 'capset');
}

/** Becomes another user, in the order that works: groups, group, user. Capabilities are gone if it is not root. */
export function becomeUser(uid: number, gid: number, groups: readonly number[]): void {
  checked(setgroupsCall(groups.length, Uint32Array.from(groups)), 'setgroups');
  checked(setresgid(gid, gid, gid), 'setresgid');
  checked(setresuid(uid, uid, uid), 'setresuid');
}

/** Numbers of the resources of setrlimit(2), as x86-64 and arm64 have them. */
const resources: ReadonlyMap<string, number> = new Map(
  [
    ...['cpu', 'fsize', 'data', 'stack', 'core', 'rss', 'nproc', 'nofile', 'memlock', 'as', 'locks', 'sigpending'],
    ...['msgqueue', 'nice', 'rtprio', 'rttime'],
  ].map((name, number) => [name, number]),
);

/** Sets a limit; −1 is none. Errors: `EINVAL` (also for a name that no limit has), `EPERM`. */
export function setLimit(name: string, soft: number, hard: number): void {
  const limits = Buffer.alloc(16);
  for (const [index, limit] of [soft, hard].entries()) limits.writeBigInt64LE(BigInt(limit), index * 8);
  checked(setrlimitCall(resources.get(name) ?? -1, limits), `setrlimit(${name})`);
}

/** Has the kernel kill this process with its parent. Becoming another user undoes it, execve does not. */
export function dieWithParent(): void {
  checked(prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0), 'prctl(PR_SET_PDEATHSIG)');
}

const prctlWithProgram = once(() => {
  const koffi = loadKoffi();
  koffi.struct('sock_fprog', { len: 'uint16_t', filter: 'void *' });
  return koffi.load(null).func('int prctl(int option, unsigned long mode, sock_fprog *program)');
});

/**
 * Puts a filter (an array of struct sock_filter) before the system calls of this thread and all that it becomes. Without
 * no_new_privs, so that setuid programs go on working; that needs CAP_SYS_ADMIN.
 */
export function filterCalls(program: Buffer): void {
  const fprog = { len: program.length / 8, filter: program };
  checked(prctlWithProgram()(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, fprog), 'prctl(PR_SET_SECCOMP)');
}
