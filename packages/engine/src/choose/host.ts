import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from '../model/doctor.js';
import { codeOf } from '../model/error.js';
import type { Host, HostFeature } from '../plugin/index.js';
import { findProgram } from '../sys/find-program.js';

export interface HostSettings {
  /** The builder's environment: only PATH is looked at. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A folder on the file system that will hold the roots; probes work in a folder of their own below it. Made on demand. */
  readonly scratchDir: string;
}

type Probe = (settings: HostSettings) => Promise<Verdict>;

const usable: Verdict = { usable: true };

const probes: Readonly<Record<Exclude<HostFeature, `x-${string}`>, Probe>> = {
  'process.root': async () =>
    process.geteuid?.() === 0
      ? usable
      : {
          usable: false,
          reason: 'this process is not root',
          hint: 'run varve as root (sudo, or a privileged container)',
        },
  'mount.bind': settings => probeMount(settings, 'bind'),
  'mount.overlay': settings => probeMount(settings, 'overlay'),
  'namespace.user': probeUserNamespace,
  'program.crun': settings => probeProgram(settings, 'crun', ['--version']),
  'program.runc': settings => probeProgram(settings, 'runc', ['--version']),
  'program.unshare': settings => probeProgram(settings, 'unshare', ['--version']),
};

/**
 * What this machine can do. Each feature is tried for real when it is first asked for, in mount namespaces and folders that are
 * gone afterwards, and remembered. An unknown feature is a verdict, not an error.
 */
export function createHost(settings: HostSettings): Host {
  const known = new Map<string, Promise<Verdict>>();
  return {
    has(feature) {
      const verdict = known.get(feature) ?? probeFeature(feature, settings);
      known.set(feature, verdict);
      return verdict;
    },
  };
}

async function probeFeature(feature: HostFeature, settings: HostSettings): Promise<Verdict> {
  if (!Object.hasOwn(probes, feature)) {
    return { usable: false, reason: `nobody here knows how to try ${feature}`, hint: 'load the plugin that brings it' };
  }
  try {
    return await probes[feature as keyof typeof probes](settings);
  } catch (error) {
    return { usable: false, reason: `${feature} could not be tried: ${codeOf(error) ?? String(error)}` };
  }
}

async function probeProgram(settings: HostSettings, name: string, args: readonly string[]): Promise<Verdict> {
  const path = findProgram(name, settings.env);
  const hint = name === 'unshare' ? 'install util-linux' : `install ${name}`;
  if (path === undefined) return { usable: false, reason: `${name} is not installed`, hint };
  const failure = await tryCommand(path, args);
  return failure === undefined ? usable : { usable: false, reason: `${path} does not run: ${failure}`, hint };
}

async function probeUserNamespace(settings: HostSettings): Promise<Verdict> {
  const unshare = findProgram('unshare', settings.env);
  if (unshare === undefined) return { usable: false, reason: 'unshare is not installed', hint: 'install util-linux' };
  const failure = await tryCommand(unshare, ['--user', '--map-root-user', '--', unshare, '--version']);
  if (failure === undefined) return usable;
  return {
    usable: false,
    reason: `user namespaces are not allowed here: ${failure}`,
    hint: 'allow them (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone), or lift seccomp and AppArmor in a container',
  };
}

async function probeMount(settings: HostSettings, kind: 'bind' | 'overlay'): Promise<Verdict> {
  const unshare = findProgram('unshare', settings.env);
  const mount = findProgram('mount', settings.env);
  if (unshare === undefined || mount === undefined) {
    return { usable: false, reason: 'unshare and mount are not installed', hint: 'install util-linux and mount' };
  }
  mkdirSync(settings.scratchDir, { recursive: true, mode: 0o700 });
  const dir = mkdtempSync(join(settings.scratchDir, 'probe-'));
  try {
    let failure: string | undefined;
    for (const args of kind === 'bind' ? [bindArgs(dir)] : overlayOptions.map(options => overlayArgs(dir, options))) {
      failure = await tryCommand(unshare, ['--mount', '--propagation', 'private', '--', mount, '-n', ...args]);
      if (failure === undefined) return usable;
    }
    return {
      usable: false,
      reason: `${kind === 'bind' ? 'bind mounts do' : 'overlay does'} not work in ${settings.scratchDir}: ${failure}`,
      hint:
        kind === 'bind'
          ? 'mounting needs CAP_SYS_ADMIN'
          : 'put the store on a file system that can hold overlay upper folders (ext4, xfs, tmpfs), not on another overlay',
    };
  } finally {
    if (existsSync(dir)) rmSync(dir, { recursive: true, force: true });
  }
}

function bindArgs(dir: string): readonly string[] {
  const [source, target] = ['source', 'target'].map(name => madeIn(dir, name));
  return ['--bind', source as string, target as string];
}

/** As overlays are mounted: by root, and in a user namespace, where only `user.*` attributes can hold their marks. */
const overlayOptions = ['index=off,redirect_dir=on', 'index=off,userxattr'] as const;

function overlayArgs(dir: string, options: string): readonly string[] {
  const folders = ['lower', 'upper', 'work', 'merged'].map(name => madeIn(dir, `${name}-${options.length}`));
  const [lower = '', upper = '', work = '', merged = ''] = folders;
  return ['-t', 'overlay', 'overlay', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${work},${options}`, merged];
}

function madeIn(dir: string, name: string): string {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** Runs a probe's command with an empty environment; undefined when it went well, else its last line of complaint. */
function tryCommand(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise(resolve => {
    const options = { env: { LC_ALL: 'C' }, timeout: 10_000, cwd: '/' };
    const child = execFile(program, [...args], options, (error, _stdout, stderr) => {
      if (error === null) resolve(undefined);
      else resolve(complaintOf(stderr) || (error.killed ? 'timed out' : error.message));
    });
    child.stdin?.end();
  });
}

/** The last line that says something: mount(8) adds where the kernel may have said more. */
function complaintOf(stderr: string): string | undefined {
  return stderr
    .trim()
    .split('\n')
    .findLast(line => !/^\s+dmesg/.test(line));
}
