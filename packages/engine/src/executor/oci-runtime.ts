import { readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from '../model/doctor.js';
import { findProgram } from '../sys/find-program.js';
import { bindMount, makeReadOnly, mount } from '../sys/mount.js';
import { isInUserNamespace } from '../sys/own-privileges.js';

/** Magic numbers of statfs(2). */
const CGROUP2_MAGIC = 0x63677270;
const TMPFS_MAGIC = 0x01021994;

/** A container runtime that was found. */
export interface OciRuntime {
  readonly name: 'crun' | 'runc';
  readonly program: string;
  /** Arguments before its own verb. */
  readonly args: readonly string[];
  /** The same without a mount namespace that hides cgroups from it, for whoever has hidden them. */
  readonly bare?: { readonly program: string; readonly args: readonly string[] };
  /** Its own environment; no step sees it. */
  readonly env?: Readonly<Record<string, string>>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The runtime that the executor uses on this machine, `crun` before `runc` (half of its time); or why there is none. */
export function findOciRuntime(env: Env): OciRuntime | Verdict {
  const crun = findProgram('crun', env);
  const runc = findProgram('runc', env);
  const found = crun === undefined ? undefined : crunRuntime(crun, env);
  if (found !== undefined) return found;
  if (runc !== undefined) return { name: 'runc', program: runc, args: [] };
  if (crun === undefined) {
    return { usable: false, reason: 'neither crun nor runc is installed', hint: 'install crun (or runc)' };
  }
  return {
    usable: false,
    reason: 'crun needs unshare and mount where cgroups are hybrid or missing',
    hint: 'install util-linux',
  };
}

/**
 * crun that leaves cgroups alone. Even so it refuses to start where /sys/fs/cgroup is of a kind that it does not know; there it gets
 * a mount namespace of its own in which that is an empty tmpfs.
 */
function crunRuntime(crun: string, env: Env): OciRuntime | undefined {
  const own = ['--cgroup-manager=disabled'];
  if (crunKnowsCgroups()) return { name: 'crun', program: crun, args: own };
  const [unshare, mount, shell] = ['unshare', 'mount', 'sh'].map(name => findProgram(name, env));
  if (unshare === undefined || mount === undefined || shell === undefined) return undefined;
  const script = '"$1" -n -t tmpfs -o size=0,mode=755 tmpfs /sys/fs/cgroup && shift && exec "$@"';
  const hide = ['--mount', '--propagation', 'private', '--', shell, '-c', script, 'sh', mount];
  return { name: 'crun', program: unshare, args: [...hide, crun, ...own], bare: { program: crun, args: own } };
}

/**
 * The runtime in a process that is the first of its own namespaces, as a root host is: what it may not see is hidden there, once, and it is started
 * without the three programs that would hide it each time. Anywhere else, and where steps are shown the machine's /sys, it stays as it was.
 *
 * A step could write to the program that becomes it (CVE-2019-5736), so crun mounts itself read-only and starts once more from there, unless it
 * has been told that it was started so and finds that it was. Here it is, which saves each step 2 ms.
 */
export function inOwnNamespaces(runtime: OciRuntime): OciRuntime {
  if (runtime.name !== 'crun' || process.pid !== 1 || isInUserNamespace()) return runtime;
  const { program, args } = runtime.bare ?? runtime;
  if (runtime.bare) mount({ source: 'tmpfs', target: '/sys/fs/cgroup', type: 'tmpfs', data: 'size=0,mode=755' });
  bindMount(program, program);
  makeReadOnly(program);
  return { name: runtime.name, program, args, env: { _LIBCONTAINER_CLONED_BINARY: '1' } };
}

/** Only the second version of cgroups, or only the first: not both (hybrid), and not none. */
function crunKnowsCgroups(): boolean {
  const type = typeOf('/sys/fs/cgroup');
  if (type === CGROUP2_MAGIC) return true;
  return type === TMPFS_MAGIC && typeOf('/sys/fs/cgroup/unified') !== CGROUP2_MAGIC;
}

function typeOf(path: string): number | undefined {
  try {
    return statfsSync(path).type;
  } catch {
    return undefined;
  }
}

/** Where a runtime logs, relative to its bundle. */
export const runtimeLog = 'log.json';

/** What a runtime wrote to its log last: why it could not start or end a container. */
export function lastComplaint(bundle: string): string | undefined {
  const lines = readFileSync(join(bundle, runtimeLog), { encoding: 'utf8', flag: 'a+' }).trim().split('\n');
  for (const line of lines.toReversed()) {
    const entry = parseEntry(line);
    if (entry?.level === 'error' && entry.msg !== undefined) return entry.msg;
  }
  return undefined;
}

function parseEntry(line: string): { readonly level?: string; readonly msg?: string } | undefined {
  try {
    return JSON.parse(line) as { level?: string; msg?: string };
  } catch {
    return undefined;
  }
}

/** The exit code a shell would give where a runtime says that the program is missing (127) or cannot be run (126). */
export function exitOfComplaint(complaint: string): 126 | 127 | undefined {
  if (!/\bexec(utable)?\b/.test(complaint)) return undefined;
  if (/not found|no such file/i.test(complaint)) return 127;
  if (/permission denied|format error|is a directory/i.test(complaint)) return 126;
  return undefined;
}
