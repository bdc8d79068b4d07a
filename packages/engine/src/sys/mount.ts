import { checked, libc } from './libc.js';

const mountCall = libc.func(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);
const umountCall = libc.func('int umount2(const char *target, int flags)');

/** Flags of mount(2), the same on every architecture. */
export const mountFlags = {
  readOnly: 0x1,
  noSuid: 0x2,
  noDev: 0x4,
  noExec: 0x8,
  remount: 0x20,
  bind: 0x1000,
  move: 0x2000,
  recursive: 0x4000,
  private: 1 << 18,
  strictAtime: 1 << 24,
} as const;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

export interface MountRequest {
  readonly source: string;
  readonly target: string;
  readonly type?: string;
  readonly flags?: number;
  readonly data?: string;
}

/** mount(2) in the mount namespace of this process. Errors: `SysError` with the kernel's code. */
export function mount(request: MountRequest): void {
  const { source, target, type = null, flags = 0, data = null } = request;
  checked(mountCall(source, target, type, flags, data), 'mount', target);
}

/**
 * Shows a file or folder at another place, without what is mounted below it. `flags` (`readOnly`, `noDev`, …) are set in a second
 * call, since the kernel ignores them in the first.
 */
export function bindMount(source: string, target: string, flags = 0): void {
  mount({ source, target, flags: mountFlags.bind });
  if (flags !== 0) mount({ source: 'none', target, flags: mountFlags.bind | mountFlags.remount | flags });
}

/**
 * Takes a mount from one place to another, with all below it. Errors: `SysError`, `EINVAL` where the mount that holds it is shared with other
 * namespaces.
 */
export function moveMount(from: string, to: string): void {
  mount({ source: from, target: to, flags: mountFlags.move });
}

/** Takes a mount out of the namespace. Errors: `SysError`, `EBUSY` where it is in use. A link at the target is not followed. */
export function unmount(target: string): void {
  checked(umountCall(target, UMOUNT_NOFOLLOW), 'umount2', target);
}

/** Takes a mount and all below it out of the namespace at once, even where it is in use. A link at the target is not followed. */
export function detachMount(target: string): void {
  checked(umountCall(target, MNT_DETACH | UMOUNT_NOFOLLOW), 'umount2', target);
}
