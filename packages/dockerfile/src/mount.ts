import type { SourceRange, Word } from './source.js';

/** One `key` or `key=value` of a `--mount` flag, as written (the key in lower case). */
export interface MountOption {
  readonly key: Word;
  readonly value?: Word;
}

interface MountBase {
  readonly range: SourceRange;
  /** All options as written, in order. */
  readonly options: readonly MountOption[];
  /**
   * An option holds a variable, so that its typed value is known only after `expandInstruction`; until then it
   * has its default. `from` never holds a variable and is always known. A mount whose `type` is a variable is
   * shown as `bind`, as BuildKit does.
   */
  readonly deferred: boolean;
  /** Where the mount appears, relative to the working directory. */
  readonly target?: Word;
  readonly readOnly: boolean;
}

/** Files of the context, a stage, an image or a named context. */
export interface BindMount extends MountBase {
  readonly type: 'bind';
  readonly source?: Word;
  readonly from?: Word;
}

/** A directory that outlives the build. */
export interface CacheMount extends MountBase {
  readonly type: 'cache';
  readonly id?: Word;
  readonly sharing: 'shared' | 'private' | 'locked';
  readonly source?: Word;
  readonly from?: Word;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** An empty directory in memory. */
export interface TmpfsMount extends MountBase {
  readonly type: 'tmpfs';
  /** Upper limit in bytes. */
  readonly sizeLimit?: number;
}

/** A secret as a file, as an environment variable, or both. */
export interface SecretMount extends MountBase {
  readonly type: 'secret';
  /** `id`, or `source`, which means the same. */
  readonly id?: Word;
  /** The environment variable that receives it. */
  readonly env?: Word;
  readonly required: boolean;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** A socket of an SSH agent. */
export interface SshMount extends MountBase {
  readonly type: 'ssh';
  readonly id?: Word;
  readonly required: boolean;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** One `--mount` of RUN, by kind. */
export type Mount = BindMount | CacheMount | TmpfsMount | SecretMount | SshMount;
