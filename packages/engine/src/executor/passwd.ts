/** A line of /etc/passwd, as far as it decides who a step is. */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** A line of /etc/group. */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/**
 * The entries of a passwd file in order. Follows moby/sys/user, which BuildKit and runc use: missing fields are empty, and a
 * number that is none counts as 0.
 */
export function parsePasswd(text: string): readonly PasswdEntry[] {
  return lines(text).map(line => {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':');
    return { name, uid: lenientNumber(uid), gid: lenientNumber(gid), home };
  });
}

/** The entries of a group file in order; comments are skipped. */
export function parseGroup(text: string): readonly GroupEntry[] {
  return lines(text)
    .filter(line => !line.startsWith('#'))
    .map(line => {
      const [name = '', , gid = '', members = ''] = line.split(':');
      return { name, gid: lenientNumber(gid), members: members === '' ? [] : members.split(',') };
    });
}

function lines(text: string): readonly string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');
}

function lenientNumber(text: string): number {
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0;
}
