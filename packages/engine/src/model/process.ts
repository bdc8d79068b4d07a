import type { RootMount } from './root.js';

/** A user as the kernel knows it. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, without `gid`. */
  readonly groups: readonly number[];
}

/** Something that a step sees besides its root. Targets are absolute paths in the root; they exist when the step starts. */
export type StepMount =
  | { readonly kind: 'bind'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly kind: 'tmpfs'; readonly target: string; readonly size?: number; readonly mode?: number };

/** One process to be run in a root file system. */
export interface StepProcess {
  readonly root: RootMount;
  readonly argv: readonly [string, ...string[]];
  /** The whole environment, `NAME=value`, in order. Nothing of the builder's own is added. */
  readonly env: readonly string[];
  /** Absolute, inside the root; exists. */
  readonly cwd: string;
  readonly user: UserIds;
  /** In the order in which they are to be mounted. */
  readonly mounts: readonly StepMount[];
  readonly network: 'host' | 'none';
  /** `insecure` drops no capability, filters no call and masks no path. */
  readonly security: 'sandbox' | 'insecure';
  readonly hostname: string;
  /** Size of /dev/shm in bytes; 64 MiB when absent. */
  readonly shmSize?: number;
  readonly ulimits?: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
}

/** How a step ended. A non-zero exit is a value; throwing is for processes that could not be started. */
export type StepExit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals };
