import { checked, libc } from './libc.js';

const mountCall = libc.func(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);
const umountCall = libc.func('int umount2(const char *target, int flags)');
const mountSetattr = libc.func(
  'long syscall(long number, long dirFd, const char *path, unsigned long flags, const void *attributes, unsigned long size)',
);

/** Flags of mount(2), the same on every architecture. */
export const mountFlags = {
  readOnly: 0x1,
  noSuid: 0x2,
  noDev: 0x4,
  noExec: 0x8,
  remount: 0x20,
  bind: 0x1000,
  recursive: 0x4000,
  private: 1 << 18,
  strictAtime: 1 << 24,
} as const;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
/** mount_setattr(2) has this number everywhere. */
const SYS_mount_setattr = 442;
const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
const sizeOfMountAttributes = 32;

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
 * call, since the kernel ignores them in the first. In a user namespace flags that the source has already stay beside them: nobody there
 * may take them away.
 */
export function bindMount(source: string, target: string, flags = 0): void {
  mount({ source, target, flags: mountFlags.bind });
  if (flags === 0) return;
  try {
    mount({ source: 'none', target, flags: mountFlags.bind | mountFlags.remount | flags });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EPERM') throw error;
    addFlags(target, flags);
  }
}

/** The same with all that is mounted below the source, and the flags on all of it. Linux 5.12 and later. */
export function bindMountAll(source: string, target: string, flags: number): void {
  mount({ source, target, flags: mountFlags.bind | mountFlags.recursive });
  addFlags(target, flags, AT_RECURSIVE);
}

/** Makes a mount of this namespace read-only, without what is mounted below it. Those made of it before stay as they are. */
export function makeReadOnly(mountPoint: string): void {
  try {
    addFlags(mountPoint, mountFlags.readOnly);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOSYS') throw error;
    // Before Linux 5.12.
    const flags = mountFlags.bind | mountFlags.remount | mountFlags.readOnly;
    mount({ source: 'none', target: mountPoint, flags });
  }
}

/** The flags have the same bits as mount(2)'s. */
function addFlags(target: string, flags: number, recursive = 0): void {
  const attributes = Buffer.alloc(sizeOfMountAttributes);
  attributes.writeBigUInt64LE(BigInt(flags), 0);
  const { length } = attributes;
  checked(mountSetattr(SYS_mount_setattr, AT_FDCWD, target, recursive, attributes, length), 'mount_setattr', target);
}

/** Takes a mount out of the namespace. Errors: `SysError`, `EBUSY` where it is in use. A link at the target is not followed. */
export function unmount(target: string): void {
  checked(umountCall(target, UMOUNT_NOFOLLOW), 'umount2', target);
}

/** Takes a mount and all below it out of the namespace at once, even where it is in use. A link at the target is not followed. */
export function detachMount(target: string): void {
  checked(umountCall(target, MNT_DETACH | UMOUNT_NOFOLLOW), 'umount2', target);
}
