import type { Seen } from '@varve/engine/kit';
import type { TreePath } from '@varve/engine/plugin';
import type { MountedOverlay } from './mounts.js';

/** The folders in which a step can be seen: the root before it, the root after it, and what the overlay put into its upper folder. */
export interface Views extends MountedOverlay {
  readonly before: string;
  readonly after: string;
  readonly upper: string;
}

/** A path that the step may have changed. */
export interface Candidate {
  readonly path: TreePath;
  readonly before: Seen | undefined;
  readonly after: Seen | undefined;
  /** Known once everything was looked at. */
  changed: boolean;
  /** Of a file with several names: what they have in common in the layer. */
  linkGroup?: number;
}
