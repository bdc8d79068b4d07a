import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { LadderRung, Verdict } from '../model/doctor.js';
import { type IdMaps, idMaps } from '../sys/id-map.js';
import { type OwnPrivileges, ownPrivileges } from '../sys/own-privileges.js';
import { spawnInUserNamespace } from '../sys/user-namespace.js';
import { inPlaceVerdict } from './in-place.js';

type Env = Readonly<Record<string, string | undefined>>;
type Refusal = Extract<Verdict, { usable: false }>;

/** How long a try may take, in milliseconds. */
const patience = 10_000;

/**
 * The rungs of privilege on which steps can run, best first, each tried for real. The first usable one is chosen, or the
 * fourth where it is asked for. Leaves nothing.
 */
export async function climbLadder(env: Env, inPlaceAsked = false): Promise<readonly LadderRung[]> {
  const own = ownPrivileges();
  const rungs: readonly Omit<LadderRung, 'chosen'>[] = [
    { rung: 1, title: 'root that may mount', verdict: asRoot(own) },
    { rung: 2, title: 'a user namespace with every id', verdict: await inUserNamespace(env, own) },
    { rung: 3, title: 'a user namespace with one id', verdict: notYet },
    { rung: 4, title: "in the container's own /", verdict: inPlaceVerdict(inPlaceAsked) },
    { rung: 5, title: 'no privilege at all, by tracing', verdict: notYet },
  ];
  const chosen = inPlaceAsked ? 4 : rungs.find(({ verdict }) => verdict.usable)?.rung;
  return rungs.map(rung => ({ ...rung, chosen: rung.rung === chosen && rung.verdict.usable }));
}

const notYet: Refusal = { usable: false, reason: 'Varve does not do this yet' };

function asRoot(own: OwnPrivileges): Verdict {
  if (own.isRoot && own.holds('sysAdmin')) return { usable: true };
  const inPod = 'in a pod: securityContext.privileged: true, or hostUsers: false with capabilities.add: [SYS_ADMIN]';
  if (!own.isRoot) return refusal('this process is not root', `run as root (sudo); ${inPod}, runAsUser: 0`);
  return refusal('this process is root without CAP_SYS_ADMIN', `docker run --privileged; ${inPod}`);
}

/** Whether a root host can be started below a user namespace: makes one, with its ids, and a mount namespace in it. */
export async function inUserNamespace(env: Env, own: OwnPrivileges = ownPrivileges()): Promise<Verdict> {
  const maps = idMaps(env, own);
  if ('reason' in maps) return { usable: false, ...maps };
  const { code, complaint } = await tryNamespaces(maps, env);
  if (code === 0) return { usable: true };
  if (/unshare failed/.test(complaint)) return refusal(`a user namespace is refused (${complaint})`, userHint());
  if (/propagation|mount/.test(complaint)) return refusal(`mounts are refused (${complaint})`, mountHint);
  if (/newuidmap|newgidmap/.test(complaint))
    return refusal(
      `ids are refused (${complaint})`,
      'see that /etc/subuid and /etc/subgid give ids that nobody else has',
    );
  return refusal(`a user namespace cannot be made: ${complaint || `exit ${code}`}`, 'install util-linux and a shell');
}

async function tryNamespaces(
  maps: IdMaps,
  env: Env,
): Promise<{ readonly code: number | null; readonly complaint: string }> {
  const { child, failure } = spawnInUserNamespace(
    maps,
    ['unshare', '--mount', '--propagation', 'private', '--', 'unshare', '--version'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: env.PATH ?? '', LC_ALL: 'C' },
      timeout: patience,
      killSignal: 'SIGKILL',
    },
  );
  const ended = new Promise<{ code: number | null; reason?: string }>(resolve => {
    child.once('exit', code => resolve({ code }));
    child.once('error', error => resolve({ code: null, reason: error.message }));
  });
  const [{ code, reason }, said] = await Promise.all([ended, child.stderr ? text(child.stderr) : '']);
  return { code, complaint: reason ?? failure() ?? said.trim().split('\n').at(-1) ?? '' };
}

const mountHint =
  'AppArmor denies mounts in containers: docker run --security-opt apparmor=unconfined; in a pod: ' +
  'securityContext.appArmorProfile.type: Unconfined';

function userHint(): string {
  if (isFiltered())
    return 'seccomp denies it: docker run --security-opt seccomp=unconfined; in a pod: securityContext.seccompProfile.type: Unconfined';
  const off = [
    ['/proc/sys/user/max_user_namespaces', '0', 'sysctl user.max_user_namespaces=10000'],
    ['/proc/sys/kernel/unprivileged_userns_clone', '0', 'sysctl kernel.unprivileged_userns_clone=1'],
    [
      '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
      '1',
      'sysctl kernel.apparmor_restrict_unprivileged_userns=0',
    ],
  ].find(([file, value]) => readWord(file as string) === value);
  return `let root allow user namespaces: ${off?.[2] ?? 'sysctl user.max_user_namespaces=10000'}`;
}

function isFiltered(): boolean {
  return /^Seccomp:\s*2$/m.test(readWord('/proc/self/status'));
}

function readWord(file: string): string {
  return existsSync(file) ? readFileSync(file, 'latin1').trim() : '';
}

function refusal(reason: string, hint: string): Refusal {
  return { usable: false, reason, hint };
}
