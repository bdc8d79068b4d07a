import type { ImageConfig } from '@varve/oci';
import type { VarveError } from '../model/error.js';
import type { BuildGraph, StepRef } from '../model/graph.js';
import type { BuiltImages, Image } from '../model/image.js';
import type { Layer } from '../model/layer.js';
import type { Plan } from '../model/plan.js';

export type BuildOutcome =
  | { readonly ok: true; readonly images: BuiltImages }
  | { readonly ok: false; readonly error: VarveError };

/** Every hook and what it is given. A hook that is not listed here does not exist, and a plugin that names one is refused. */
export interface HookArgs {
  /** The stages and their edges are known. May return another graph. */
  graphBuilt: [graph: BuildGraph];
  /** All keys were asked for; nothing has been run. */
  planMade: [plan: Plan];
  /** A step that no cache has is about to run. Throwing refuses it. */
  beforeStep: [step: StepRef];
  /** A layer was finished (not: reused). */
  layerBuilt: [layer: Layer, step: StepRef];
  /** The config of the finished image. May return another one. */
  imageConfig: [config: ImageConfig];
  /** The image is assembled and not exported yet. Throwing refuses it. */
  imageBuilt: [image: Image];
  /** The build is over, one way or the other. */
  buildSettled: [outcome: BuildOutcome];
}

/** observe: together, read only. amend: in turn, each gets the last result. guard: in turn, may refuse. settle: always, errors gathered. */
export type HookKind = 'observe' | 'amend' | 'guard' | 'settle';

export const hookKind = {
  graphBuilt: 'amend',
  planMade: 'observe',
  beforeStep: 'guard',
  layerBuilt: 'observe',
  imageConfig: 'amend',
  imageBuilt: 'guard',
  buildSettled: 'settle',
} as const satisfies Record<keyof HookArgs, HookKind>;

export type HookName<K extends HookKind = HookKind> = {
  [N in keyof HookArgs]: (typeof hookKind)[N] extends K ? N : never;
}[keyof HookArgs];
/** An amending hook that returns nothing changes nothing; what others return does not count. */
export type HookResult<N extends keyof HookArgs> = (typeof hookKind)[N] extends 'amend'
  ? // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is one, too.
    HookArgs[N][0] | undefined | void
  : // biome-ignore lint/suspicious/noConfusingVoidType: the same.
    void;
export type Hook<N extends keyof HookArgs> = (...args: HookArgs[N]) => HookResult<N> | Promise<HookResult<N>>;
export type Hooks = {
  readonly [N in keyof HookArgs]?: Hook<N> | { readonly order: 'first' | 'last'; readonly run: Hook<N> };
};
