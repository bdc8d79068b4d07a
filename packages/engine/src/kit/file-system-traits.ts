import { fileSystemType } from '../sys/index.js';
import { mappedWritesMoveTimes } from '../sys/mapped-writes.js';

/** What a file system's times can be trusted for. */
export interface FileSystemTraits {
  readonly type: string;
  /** Every change of a file's content moves its ctime, also one through a shared mapping. */
  readonly keepsCtime: boolean;
  /** Every change of a file's content moves its ctime, but for one through a shared mapping. */
  readonly hidesMapped: boolean;
  /** Every change of a directory's names moves its ctime. */
  readonly keepsDirectories: boolean;
}

const local: ReadonlySet<string> = new Set(['ext4', 'xfs', 'btrfs', 'f2fs', 'zfs', 'bcachefs']);
/** A shared mapping that is written to moves no time there; everything else does. */
const inMemory: ReadonlySet<string> = new Set(['tmpfs', 'ramfs']);

/**
 * Traits of the file system that a folder is on, by statfs(2). Of those that are not known nothing is trusted. What is new on an overlay is as its
 * upper file system has it, and which that is cannot be seen: what tells the two kinds apart is tried where the folder is `ours` to write to.
 */
export function fileSystemTraits(dir: string, ours = false): FileSystemTraits {
  const type = fileSystemType(dir);
  if (type === 'overlay' && ours) {
    const keepsCtime = mappedWritesMoveTimes(dir);
    return { type, keepsCtime, hidesMapped: !keepsCtime, keepsDirectories: true };
  }
  const [keepsCtime, hidesMapped] = [local.has(type), inMemory.has(type)];
  return { type, keepsCtime, hidesMapped, keepsDirectories: keepsCtime || hidesMapped };
}
