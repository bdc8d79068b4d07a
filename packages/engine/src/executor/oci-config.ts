import type { StepProcess } from '../model/process.js';
import { once } from '../sys/libc.js';
import { allCapabilities, defaultShmSize, maskedPaths, readOnlyPaths } from './confinement.js';
import { capabilitiesFor } from './held-capabilities.js';
import { ociSeccomp } from './oci-seccomp.js';
import { canFilter, seccompFilter } from './seccomp-filter.js';

/** Folders on disk that the config refers to. */
export interface OciFolders {
  /** The root, mounted. */
  readonly root: string;
  /** The step's /dev, mounted; where it is absent the runtime makes one, in which a step can make device nodes that work. */
  readonly dev?: string;
  /** Whether the runtime has to be told that device nodes do not work in the root. */
  readonly remountRoot: boolean;
  /** The machine's /sys, mounted as the step may see it; where it is absent the runtime mounts a fresh one. */
  readonly sys?: string;
}

/**
 * The runtime-spec config (config.json) for a step: what Docker gives a container, without cgroups. The root and /dev are mounted by
 * the caller, so that both are what `mountRoot` and `mountDev` promise.
 */
export function ociConfig(process: StepProcess, folders: OciFolders): object {
  const sandboxed = process.security === 'sandbox';
  const { seccomp, program } = sandboxed ? confining() : {};
  // crun clears the flags of the root that it is given. Where the root is `/.` it remounts it with ours; `/` it takes for its stdin.
  const remounts =
    sandboxed && folders.remountRoot
      ? [{ destination: '/.', type: 'bind', source: folders.root, options: ['remount', 'bind', 'nodev'] }]
      : [];
  return {
    ociVersion: '1.0.2',
    process: ociProcess(process),
    root: { path: folders.root, readonly: false },
    hostname: process.hostname,
    ...(program === undefined ? {} : { annotations: { 'run.oci.seccomp_bpf_data': program } }),
    mounts: [...remounts, ...systemMounts(process, folders), ...process.mounts.map(stepMount)],
    linux: {
      namespaces: namespaces(process).map(type => ({ type })),
      ...(seccomp && { seccomp }),
      ...(sandboxed ? { maskedPaths, readonlyPaths: readOnlyPaths } : {}),
    },
  };
}

/** What the profile becomes on this machine; the same for all steps. */
const confining = once(() => {
  const { arch } = globalThis.process;
  return {
    seccomp: ociSeccomp(arch),
    // crun takes the program that we make of it for the built-in executor: to make one itself takes it 10 ms a step.
    ...(canFilter(arch) ? { program: seccompFilter(arch).toString('base64') } : {}),
  };
});

function ociProcess(process: StepProcess): object {
  const { uid, gid, groups } = process.user;
  const capabilities = capabilitiesFor(process.security).map(number => allCapabilities[number]);
  // As in Docker, a user who is not root may get capabilities from files only.
  const held = uid === 0 ? capabilities : [];
  return {
    terminal: false,
    user: { uid, gid, umask: 0o022, additionalGids: groups },
    args: process.argv,
    env: process.env,
    cwd: process.cwd,
    noNewPrivileges: false,
    capabilities: { bounding: capabilities, effective: held, permitted: held, inheritable: [], ambient: [] },
    rlimits: (process.ulimits ?? []).map(({ name, soft, hard }) => ({
      type: `RLIMIT_${name.toUpperCase()}`,
      soft,
      hard,
    })),
  };
}

function namespaces(process: StepProcess): readonly string[] {
  const own = ['mount', 'pid', 'ipc', 'uts', 'cgroup'];
  return process.network === 'none' ? [...own, 'network'] : own;
}

interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

function systemMounts(process: StepProcess, folders: OciFolders): readonly OciMount[] {
  const shm = process.shmSize ?? defaultShmSize;
  const plain = ['nosuid', 'noexec', 'nodev'];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: plain },
    sysMount(folders, [...plain, process.security === 'sandbox' ? 'ro' : 'rw']),
    folders.dev === undefined
      ? { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] }
      : { destination: '/dev', type: 'bind', source: folders.dev, options: ['rbind', 'rprivate', 'nosuid', 'nodev'] },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...plain, 'mode=1777', `size=${shm}`] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: plain },
  ];
}

function sysMount({ sys }: OciFolders, options: readonly string[]): OciMount {
  if (sys === undefined) return { destination: '/sys', type: 'sysfs', source: 'sysfs', options };
  return { destination: '/sys', type: 'bind', source: sys, options: ['rbind', 'rprivate', ...options] };
}

function stepMount(mount: StepProcess['mounts'][number]): OciMount {
  if (mount.kind === 'tmpfs') throw new Error('tmpfs is mounted before');
  const options = ['bind', 'rprivate', 'nodev', mount.readOnly ? 'ro' : 'rw'];
  return { destination: mount.target, type: 'bind', source: mount.source, options };
}
