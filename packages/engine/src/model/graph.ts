import type { Instruction, SourceRange, Stage } from '@varve/dockerfile';

/** Where a stage or a `--from` takes its files from. */
export type SourceRef =
  | { readonly kind: 'stage'; readonly index: number }
  /** An image by reference, as written after expansion. */
  | { readonly kind: 'image'; readonly reference: string }
  /** The build context, or one given by `--build-context`. */
  | { readonly kind: 'context'; readonly name: string }
  /** `FROM scratch`. */
  | { readonly kind: 'scratch' };

export interface GraphStage {
  readonly index: number;
  /** Lower case; absent for a stage without a name. */
  readonly name?: string;
  readonly base: SourceRef;
  /** Platform of this stage as `os/arch[/variant]`. */
  readonly platform: string;
  readonly stage: Stage;
  /** Indexes of the stages it needs, itself not among them. */
  readonly needs: readonly number[];
}

/** The stages that the target needs, in an order in which every stage comes after those it needs. */
export interface BuildGraph {
  readonly stages: readonly GraphStage[];
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
