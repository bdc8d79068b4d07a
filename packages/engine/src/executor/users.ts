import { didYouMean } from '@varve/dockerfile';
import { codeOf, VarveError } from '../model/error.js';
import type { UserIds } from '../model/process.js';
import { parseGroup, parsePasswd } from './passwd.js';

/** Largest id that may stand alone or beside a name in USER (moby/sys/user); a pair of numbers, and an owner, may be any the kernel knows. */
const largestId = 2 ** 31 - 1;
/** 2³²−1 means "leave as it is" to the kernel's calls and is nobody's id. */
const largestPairedId = 2 ** 32 - 2;

/**
 * Who `USER spec` is in a root with these files: `''`, `name`, `uid`, `name:group`, `uid:gid` and mixtures, looked up as BuildKit
 * does (executor/oci/user.go over moby/sys/user).
 *
 * - A pair of numbers (or `root`) is taken as it is; a number is never taken for a name.
 * - Without a group the primary group comes from passwd (0 for a number that is not in it) and the supplementary groups from
 *   group; with one there are no supplementary groups but that one. The primary group is always among them.
 * - An empty spec is uid 0, with the groups of whoever has uid 0 in passwd.
 *
 * @param passwd text of /etc/passwd, `''` where there is none
 * @param group text of /etc/group, `''` where there is none
 * Errors: `E_USER_UNKNOWN` for a name that is not in the files, or a number that is no id.
 */
export function lookupUser(passwd: string, group: string, spec: string): UserIds {
  const pair = numericPair(spec);
  if (pair !== undefined) return withGroups(pair, []);
  const [userPart, groupPart] = cut(spec);
  const wanted = userPart === '' ? { id: 0 } : parsePart(userPart, 'user');
  const users = parsePasswd(passwd);
  const user = users.find(entry => ('id' in wanted ? entry.uid === wanted.id : entry.name === wanted.name));
  if (user === undefined && 'name' in wanted) {
    throw unknown(
      'user',
      wanted.name,
      users.map(entry => entry.name),
    );
  }
  const uid = user?.uid ?? ('id' in wanted ? wanted.id : 0);
  const groups = parseGroup(group);
  if (groupPart !== '') return withGroups({ uid, gid: groupId(groups, parsePart(groupPart, 'group')) }, []);
  const gid = user?.gid ?? 0;
  const name = user?.name ?? '';
  const supplementary = name === '' ? [] : groups.filter(entry => entry.members.includes(name));
  return withGroups(
    { uid, gid },
    supplementary.map(entry => entry.gid),
  );
}

/** The primary group is a supplementary one too, so that a step cannot shed it (CVE-2023-25173). */
function withGroups({ uid, gid }: { readonly uid: number; readonly gid: number }, groups: readonly number[]): UserIds {
  return { uid, gid, groups: [...new Set([gid, ...groups])] };
}

/**
 * The owner that `--chown=spec` names, as BuildKit resolves it (client/llb `WithUser`, solver/llbsolver/file): a number alone
 * means the group of the same number, a name alone its primary group, a colon without a group that of root; `root` is 0 without a look at
 * passwd. Errors: `E_USER_UNKNOWN`.
 */
export function lookupOwner(passwd: string, group: string, spec: string): Owner {
  const [userPart, groupPart] = cut(spec);
  const owner = ownerOf(passwd, userPart);
  if (groupPart === '') return spec.endsWith(':') ? { uid: owner.uid, gid: 0 } : owner;
  const gid = groupPart === 'root' ? 0 : groupId(parseGroup(group), parsePart(groupPart, 'group', largestPairedId));
  return { uid: owner.uid, gid };
}

/**
 * The owner of what is made for `USER spec`, as {@link lookupOwner}, but whom nobody knows is root, and a group that nobody knows is that
 * of the user: nothing runs as them, so that BuildKit does not mind.
 */
export function lookupMaker(passwd: string, group: string, spec: string): Owner {
  const [userPart, groupPart] = cut(spec);
  const owner = unlessUnknown({ uid: 0, gid: 0 }, () => lookupOwner(passwd, group, userPart));
  if (!spec.includes(':')) return owner;
  return unlessUnknown(owner, () => ({ ...lookupOwner(passwd, group, `root:${groupPart}`), uid: owner.uid }));
}

function unlessUnknown(otherwise: Owner, lookup: () => Owner): Owner {
  try {
    return lookup();
  } catch (error) {
    if (codeOf(error) === 'E_USER_UNKNOWN') return otherwise;
    throw error;
  }
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

function ownerOf(passwd: string, part: string): Owner {
  if (part === '' || part === 'root') return { uid: 0, gid: 0 };
  const wanted = parsePart(part, 'user', largestPairedId);
  if ('id' in wanted) return { uid: wanted.id, gid: wanted.id };
  const users = parsePasswd(passwd);
  const user = users.find(entry => entry.name === wanted.name);
  if (user === undefined) {
    throw unknown(
      'user',
      wanted.name,
      users.map(entry => entry.name),
    );
  }
  return { uid: user.uid, gid: user.gid };
}

function groupId(
  groups: ReturnType<typeof parseGroup>,
  wanted: { readonly id: number } | { readonly name: string },
): number {
  if ('id' in wanted) return wanted.id;
  const found = groups.find(entry => entry.name === wanted.name);
  if (found === undefined) {
    throw unknown(
      'group',
      wanted.name,
      groups.map(entry => entry.name),
    );
  }
  return found.gid;
}

function cut(spec: string): readonly [string, string] {
  const colon = spec.indexOf(':');
  return colon < 0 ? [spec, ''] : [spec.slice(0, colon), spec.slice(colon + 1)];
}

function numericPair(spec: string): { readonly uid: number; readonly gid: number } | undefined {
  const match = /^(root|\d+):(root|\d+)$/.exec(spec);
  if (match === null) return undefined;
  const [uid, gid] = match.slice(1).map(part => (part === 'root' ? 0 : Number(part)));
  if (uid === undefined || gid === undefined) return undefined;
  if (uid > largestPairedId || gid > largestPairedId) throw outOfRange(spec);
  return { uid, gid };
}

function parsePart(
  part: string,
  kind: 'user' | 'group',
  largest = largestId,
): { readonly id: number } | { readonly name: string } {
  if (!/^[+-]?\d+$/.test(part)) return { name: part };
  const id = Number(part);
  if (id < 0 || id > largest) throw outOfRange(part, kind, largest);
  return { id };
}

function unknown(kind: 'user' | 'group', name: string, known: readonly string[]): VarveError {
  const hint =
    didYouMean(name, known) ??
    (known.length === 0
      ? `the root has no /etc/${kind === 'user' ? 'passwd' : 'group'}: use a number, or create the ${kind} first`
      : `create the ${kind} in an earlier step, or use a number`);
  return new VarveError('E_USER_UNKNOWN', `unknown ${kind} ${name}`, { hint, data: { kind, name } });
}

function outOfRange(spec: string, kind = 'user', largest = largestId): VarveError {
  return new VarveError('E_USER_UNKNOWN', `${kind} ${spec} is out of range`, {
    hint: `ids go from 0 to ${largest}`,
  });
}
