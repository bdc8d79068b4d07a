import type { Dockerfile, Stage } from '../dockerfile.js';
import type { ExpandOptions } from '../expand/expand.js';
import type { IgnoreMatcher } from '../ignore/matcher.js';
import type { ArgInstruction, Instruction } from '../instruction.js';
import type { SourceRange } from '../source.js';

/** What an image that a stage begins with is known to have. */
export interface BaseFacts {
  readonly env: Readonly<Record<string, string>>;
  readonly shell?: readonly string[];
  /** `os/architecture[/variant]` */
  readonly platform?: string;
  /** Its ONBUILD triggers, as its config has them. */
  readonly onbuild?: readonly string[];
}

/** What is known about the build besides the file. What is not known is not reported on. */
export interface LintFacts {
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** The platform to build for: `os/architecture[/variant]`. */
  readonly targetPlatform?: string;
  /** The platform to build on. */
  readonly buildPlatform?: string;
  /** The stage to build; the last by default. */
  readonly targetStage?: string;
  /** The image that a stage begins with, by the stage's index; undefined when it is not known. */
  readonly base?: (stage: number) => BaseFacts | undefined;
  /** The context's ignore file. */
  readonly ignore?: IgnoreMatcher;
  /** Stages to look into; all by default. Rules on a stage's instructions leave the others out. */
  readonly stages?: ReadonlySet<number>;
  /** Options that take the place of the file's `check` directive, as the build argument BUILDKIT_DOCKERFILE_CHECK. */
  readonly check?: string;
}

/** One thing that a rule found. `instruction` is where a `# check=…` comment counts. */
export interface Finding {
  readonly message: string;
  readonly range: SourceRange;
  readonly instruction: Instruction;
}

/** A variable that an instruction expands though nothing sets it. */
export interface UnsetUse {
  readonly name: string;
  readonly range: SourceRange;
  readonly instruction: Instruction;
  /** Names that were set at that point. */
  readonly known: readonly string[];
}

/** A stage and what it inherits, worked out once for all rules. */
export interface StageView {
  readonly stage: Stage;
  /** Index of the stage it begins with, when it does not begin with an image. */
  readonly parent: number | undefined;
  readonly base: BaseFacts | undefined;
  /** A SHELL is set by the base or by a stage before. */
  readonly inheritsShell: boolean;
  /** A WORKDIR is set in a stage before. */
  readonly inheritsWorkdir: boolean;
  readonly unset: readonly UnsetUse[];
  /** The stage's instructions as they come out of expansion; those that fail to expand are left out. */
  readonly expanded: readonly Instruction[];
}

/** The arguments before the first FROM, with their values. */
export interface GlobalView {
  /** With what the caller gave. */
  readonly values: ReadonlyMap<string, string>;
  /** With defaults alone; undefined when a default cannot be expanded. */
  readonly defaults: ReadonlyMap<string, string> | undefined;
  readonly declared: ReadonlySet<string>;
  readonly metaArgs: readonly ArgInstruction[];
}

/** Everything a rule looks at. */
export interface LintView {
  readonly file: Dockerfile;
  readonly facts: LintFacts;
  readonly globals: GlobalView;
  /** The stages that are to be looked into. */
  readonly stages: readonly StageView[];
  readonly expansion: ExpandOptions;
}

/** A rule as data. */
export interface LintRule {
  readonly name: string;
  readonly description: string;
  readonly url?: string;
  /** Off unless asked for by name. */
  readonly experimental?: boolean;
  /** About the file as a whole: comments above an instruction do not turn it off. */
  readonly wholeFile?: boolean;
  readonly check: (view: LintView) => Iterable<Finding>;
}

/** Where a rule is explained. */
export function ruleUrl(slug: string): string {
  return `https://docs.docker.com/go/dockerfile/rule/${slug}/`;
}
