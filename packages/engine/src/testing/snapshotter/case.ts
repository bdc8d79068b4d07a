import type { BaseFiles } from './base-files.js';
import type { SnapshotRig } from './rig.js';

/** One thing that a step can do to a root, and what a snapshotter must say of it. */
export interface SnapshotCase {
  /** Stable: plugins name the cases they cannot pass by it. */
  readonly name: string;
  readonly base?: BaseFiles;
  /** Takes seconds, so it is tried in one place only: on tmpfs, where there is one. */
  readonly isLarge?: boolean;
  /** What cannot be tried here: the reason, or undefined. */
  readonly unless?: (rig: SnapshotRig) => string | undefined;
  /** What the step does. Paths are below `rig.dir`. */
  readonly act: (rig: SnapshotRig) => void | Promise<void>;
  /** Each change as `write PATH`, `replace PATH` or `delete PATH`, in path order; the root is `.`. Absent: the case looks itself. */
  readonly expect?: readonly string[];
  /** Paths that are not part of the root. */
  readonly ignore?: readonly string[];
}
