import { readFileSync, statSync } from 'node:fs';

/** Numbers of capabilities that decide how a root host is started. */
const capabilities = { setgid: 6, setuid: 7, sysAdmin: 21, setfcap: 31 } as const;

/** What this process may do, as the kernel tells. */
export interface OwnPrivileges {
  readonly isRoot: boolean;
  holds(capability: keyof typeof capabilities): boolean;
  /** Programs that it starts gain nothing by being setuid. */
  readonly noNewPrivileges: boolean;
}

/** Reads them anew. Where there is no /proc nothing is held. */
export function ownPrivileges(status: string = readStatus()): OwnPrivileges {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return {
    isRoot: process.geteuid?.() === 0,
    holds: capability => ((effective >> BigInt(capabilities[capability])) & 1n) === 1n,
    noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(status),
  };
}

/** Whether this process can mount, without a user namespace of its own. */
export function canMount(own: OwnPrivileges = ownPrivileges()): boolean {
  return own.isRoot && own.holds('sysAdmin');
}

/** The inode of the user namespace that the machine starts with (PROC_USER_INIT_INO). */
const initialUserNamespace = 0xeffffffd;

/** Whether this process is in a user namespace other than the machine's own. */
export function isInUserNamespace(): boolean {
  try {
    return statSync('/proc/self/ns/user').ino !== initialUserNamespace;
  } catch {
    return false;
  }
}

function readStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'latin1');
  } catch {
    return '';
  }
}
