import type { Instruction, SourceRange, Stage } from '@varve/dockerfile';
import type { Digest, ImageConfig, Platform } from '@varve/oci';
import type { Layer } from './layer.js';

/** Where a stage or a `--from` takes its files from. */
export type SourceRef =
  | { readonly kind: 'stage'; readonly index: number }
  /** An image by reference, as written after expansion; where a stage above has a name much like it, that one may be meant. */
  | { readonly kind: 'image'; readonly reference: string; readonly nearStage?: string }
  /** A git repository, as a URL with all that is asked of it. */
  | { readonly kind: 'git'; readonly reference: string }
  /** The build context (`''`), or one given by `--build-context`. */
  | { readonly kind: 'context'; readonly name: string }
  | { readonly kind: 'scratch' };

/** An image that was looked up: everything about it but the bytes of its layers. */
export interface ResolvedImage {
  /** Normalised, as it was asked for. */
  readonly reference: string;
  /** Of the manifest of this platform. */
  readonly digest: Digest;
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
  readonly platform: Platform;
}

export interface GraphStage {
  readonly index: number;
  /** As people see it: the stage's name, or `stage-N`. */
  readonly label: string;
  readonly source: Stage;
  readonly platform: Platform;
  readonly base: SourceRef;
  /** Of a stage on an image. */
  readonly image?: ResolvedImage;
  /** Name of the context that is its base: its first instruction brings that one's files, on nothing. */
  readonly contextBase?: string;
  /** The ONBUILD triggers of its base, then its own. */
  readonly instructions: readonly Instruction[];
  /** How many of `instructions` are triggers. */
  readonly triggers: number;
  /** What each `--from` of its instructions names, by the text of the flag. */
  readonly froms: ReadonlyMap<string, SourceRef>;
  /** Indexes of the stages it may need, in ascending order. */
  readonly needs: readonly number[];
}

/** The stages that the target may need, in an order in which every stage comes after those it needs. */
export interface BuildGraph {
  readonly stages: readonly GraphStage[];
  /** Index of the target in the Dockerfile. */
  readonly target: number;
}

/** A step: one instruction of one stage. `index` counts the stage's instructions from 0; ONBUILD triggers come first. */
export interface StepRef {
  readonly stage: number;
  readonly index: number;
  readonly instruction: Instruction;
  readonly range: SourceRange;
  /** As shown to people: `[build 2/4] RUN make`. */
  readonly label: string;
}
