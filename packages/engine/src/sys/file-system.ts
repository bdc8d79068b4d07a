import { statfsSync } from 'node:fs';

/** Magic numbers of statfs(2) that make a difference to somebody. */
const names: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0xca451a4e, 'bcachefs'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
  [0x794c7630, 'overlay'],
  [0x6969, 'nfs'],
  [0x65735546, 'fuse'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x01021997, '9p'],
  [0x73717368, 'squashfs'],
]);

/** Type of the file system that a path lies on (`ext4` also for ext2 and ext3), or its magic number in hex. */
export function fileSystemType(path: string | Buffer): string {
  const magic = statfsSync(path).type >>> 0;
  return names.get(magic) ?? `0x${magic.toString(16)}`;
}
