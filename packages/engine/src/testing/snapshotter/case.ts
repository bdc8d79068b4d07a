import type { SnapshotRig } from './rig.js';

/** What the root holds before a case begins. A value is content, or says what else the path is. */
export type BaseFiles = Readonly<Record<string, string | BaseFile>>;
export type BaseFile =
  | { readonly type: 'directory'; readonly mode?: number }
  | { readonly type: 'symlink'; readonly target: string }
  | {
      readonly type: 'file';
      readonly content: string;
      readonly mode?: number;
      readonly xattrs?: ReadonlyMap<string, Uint8Array>;
    }
  /** Another name of a file that comes before it. */
  | { readonly type: 'link'; readonly to: string };

/** One thing that a step can do to a root, and what a snapshotter must say of it. */
export interface SnapshotCase {
  /** Stable: plugins name the cases they cannot pass by it. */
  readonly name: string;
  readonly base?: BaseFiles;
  /** What cannot be tried here: the reason, or undefined. */
  readonly unless?: (rig: SnapshotRig) => string | undefined;
  /** What the step does. Paths are below `rig.dir`. */
  readonly act: (rig: SnapshotRig) => void | Promise<void>;
  /** Each change as `write PATH`, `replace PATH` or `delete PATH`, in path order; the root is `.`. Absent: the case looks itself. */
  readonly expect?: readonly string[];
  /** Paths that are not part of the root. */
  readonly ignore?: readonly string[];
}

/** The files that most cases start from; all have the same old mtime. */
export const usualBase: BaseFiles = {
  d: { type: 'directory' },
  'd/empty': { type: 'directory' },
  'd/file': 'hello, world',
  'd/full': { type: 'directory' },
  'd/full/a': 'a',
  'd/full/b': { type: 'directory' },
  'd/full/b/c': 'c',
  'd/full/b/e': { type: 'directory' },
  'd/link': { type: 'symlink', target: 'file' },
  'd/other': 'other',
  'd/twin1': 'twins',
  'd/twin2': { type: 'link', to: 'd/twin1' },
  'd/with-xattr': { type: 'file', content: 'x', xattrs: new Map([['user.note', Buffer.from('one')]]) },
};
