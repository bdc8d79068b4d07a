import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { SystemError } from './errno.js';
import { findProgram } from './find-program.js';
import { type OwnPrivileges, ownPrivileges } from './own-privileges.js';

/** Ids of a new user namespace, what they are in this one, and how many. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** The ids that a user namespace of ours gets. `programs`: newuidmap and newgidmap have to write the maps, since we may not. */
export interface IdMaps {
  readonly uid: readonly IdRange[];
  readonly gid: readonly IdRange[];
  readonly programs?: { readonly uid: string; readonly gid: string };
}

/** Why there are no ids, and what would mend it. */
export interface NoIds {
  readonly reason: string;
  readonly hint: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The ids of a user namespace that this process makes. Root keeps every id that it knows. Anybody else becomes 0 and gets from 1 on what
 * /etc/subuid and /etc/subgid give, which newuidmap and newgidmap grant.
 */
export function idMaps(env: Env, own: OwnPrivileges = ownPrivileges()): IdMaps | NoIds {
  if (own.isRoot && own.holds('setuid') && own.holds('setgid') && own.holds('setfcap'))
    return { uid: everyId('uid'), gid: everyId('gid') };
  if (own.isRoot)
    return {
      reason: 'this process is root without CAP_SETUID, CAP_SETGID and CAP_SETFCAP',
      hint: 'give the container these capabilities (in a pod: securityContext.capabilities.add, or drop fewer)',
    };
  if (own.noNewPrivileges)
    return {
      reason: 'no_new_privs is set, so newuidmap can grant no ids',
      hint: 'allow privilege escalation (in a pod: securityContext.allowPrivilegeEscalation: true)',
    };
  const [uid, gid] = [findProgram('newuidmap', env), findProgram('newgidmap', env)];
  if (uid === undefined || gid === undefined)
    return { reason: 'newuidmap and newgidmap are not installed', hint: 'install uidmap (Debian) or shadow-utils' };
  return subordinateIds({ uid, gid });
}

function subordinateIds(programs: { readonly uid: string; readonly gid: string }): IdMaps | NoIds {
  const user = userName();
  const [uids, gids] = (['/etc/subuid', '/etc/subgid'] as const).map(file => subordinate(readOrEmpty(file), user));
  if (!uids?.length || !gids?.length)
    return {
      reason: `/etc/subuid and /etc/subgid give no ids to ${user}`,
      hint: `let root run: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user}`,
    };
  const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  return { uid: joined(own.uid, uids), gid: joined(own.gid, gids), programs };
}

/** Ranges of a user, by name or number, in the text of /etc/subuid or /etc/subgid (subuid(5)). */
function subordinate(text: string, user: string): readonly { readonly start: number; readonly count: number }[] {
  const names = new Set([user, String(process.geteuid?.())]);
  return text.split('\n').flatMap(line => {
    const [name = '', start = '', count = ''] = line.trim().split(':');
    if (!names.has(name) || !/^\d+$/.test(start) || !/^[1-9]\d*$/.test(count)) return [];
    return [{ start: Number(start), count: Number(count) }];
  });
}

function joined(own: number, ranges: ReturnType<typeof subordinate>): readonly IdRange[] {
  const maps: IdRange[] = [{ inside: 0, outside: own, count: 1 }];
  let inside = 1;
  for (const { start, count } of ranges) {
    maps.push({ inside, outside: start, count });
    inside += count;
  }
  return maps;
}

/** As this process's own namespace has them. */
function everyId(kind: 'uid' | 'gid'): readonly IdRange[] {
  const lines = readFileSync(`/proc/self/${kind}_map`, 'latin1').trim().split('\n');
  return lines.map(line => {
    const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return { inside, outside: inside, count };
  });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.());
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as SystemError;
    if (code === 'ENOENT' || code === 'EACCES') return '';
    throw error;
  }
}
