import { fileSystemType } from '../sys/index.js';

/** What a file system's times can be trusted for. */
export interface FileSystemTraits {
  readonly type: string;
  /** Every change of a file's content moves its ctime, also one through a shared mapping. */
  readonly keepsCtime: boolean;
  /** Every change of a directory's names moves its ctime. */
  readonly keepsDirectories: boolean;
}

const local: ReadonlySet<string> = new Set(['ext4', 'xfs', 'btrfs', 'f2fs', 'zfs', 'bcachefs']);
/** A shared mapping that is written to moves no time there; everything else does. */
const inMemory: ReadonlySet<string> = new Set(['tmpfs', 'ramfs']);

/** Traits of the file system that a path is on, by statfs(2). Of those that are not known nothing is trusted. */
export function fileSystemTraits(path: string): FileSystemTraits {
  const type = fileSystemType(path);
  return { type, keepsCtime: local.has(type), keepsDirectories: local.has(type) || inMemory.has(type) };
}
