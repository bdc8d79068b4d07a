import type { Mount } from './mount.js';
import type { SourceRange, Word } from './source.js';

/** A document given in the lines after its instruction. */
export interface Heredoc {
  /** The word that ends it, and the file's name when it is copied. */
  readonly name: string;
  /** Variables in the body are to be expanded: no part of the name was quoted. */
  readonly expand: boolean;
  /** Written `<<-`: leading tabs of each line do not count. */
  readonly chomp: boolean;
  /** What a reader gets: the lines with their ends, without leading tabs when `chomp`. */
  readonly content: string;
  /** The lines as written. */
  readonly source: string;
  /** The descriptor before `<<`; 0 when none is given. */
  readonly fd: number;
  /** Where the `<<NAME` stands. */
  readonly range: SourceRange;
}

/** `{form:'exec'}`: a JSON array, run as it is. `{form:'shell'}`: text for the stage's SHELL. */
export type CommandLine = ExecForm | ShellForm;

export interface ExecForm {
  readonly form: 'exec';
  readonly args: readonly string[];
}

export interface ShellForm {
  readonly form: 'shell';
  /** What follows the keyword and its flags, continuation lines joined, a heredoc's lines not included. */
  readonly script: string;
}

/** Lint rules that a `# check=…` comment before an instruction turns off or on there; `all` for each. */
export interface CommentChecks {
  readonly skip: readonly string[];
  readonly experimental: readonly string[];
}

/** What every instruction has. */
export interface InstructionBase {
  /** From the keyword to the end of the last word, or to the end of the last heredoc. */
  readonly range: SourceRange;
  /** The keyword as written. */
  readonly keywordAsWritten: Word;
  /** The line as BuildKit's `Node.Original` has it: continuation lines joined, heredoc bodies not included. */
  readonly original: string;
  /** The flags as written, in order, quotes removed: `--chown=1:2`. */
  readonly flags: readonly Word[];
  /** Comment lines directly above, without `#` and outer blanks. */
  readonly comments: readonly string[];
  /** What a `# check=…` comment before it asks of the linter. */
  readonly checks: CommentChecks;
  /** The first blank line among the continuation lines. */
  readonly emptyContinuation?: SourceRange;
}

export interface FromInstruction extends InstructionBase {
  readonly keyword: 'FROM';
  readonly image: Word;
  readonly platform?: Word;
  /** The `AS` as written. */
  readonly as?: Word;
  /** The name after `AS`, as written; names are compared in lower case. */
  readonly stageName?: Word;
}

export interface RunInstruction extends InstructionBase {
  readonly keyword: 'RUN';
  /**
   * The line itself. With heredocs, `script` still is the line (`python3 <<EOF`); what BuildKit runs is
   * {@link RunInstruction.execution}.
   */
  readonly command: CommandLine;
  readonly heredocs: readonly Heredoc[];
  /** What is to be run, heredocs taken into account. */
  readonly execution: RunExecution;
  readonly mounts: readonly Mount[];
  readonly network?: 'default' | 'none' | 'host';
  readonly security?: 'sandbox' | 'insecure';
}

/**
 * How a RUN is carried out, as BuildKit does it:
 * - `exec`: the argument vector, no shell.
 * - `shell`: `script` as one argument after the stage's SHELL. A line that needs the shell's own heredocs
 *   (`cat <<A <<B`) has them spelled out after the line; `RUN <<EOF` with no `#!` is the body itself.
 * - `file`: the body of a lone heredoc starts with `#!`: `content` is to be put into an executable file (mode 0755)
 *   named `name`, mounted read-only in a place of its own, and run with no arguments.
 */
export type RunExecution =
  | { readonly kind: 'exec'; readonly args: readonly string[] }
  | { readonly kind: 'shell'; readonly script: string }
  | { readonly kind: 'file'; readonly name: string; readonly content: string };

export interface CmdInstruction extends InstructionBase {
  readonly keyword: 'CMD';
  readonly command: CommandLine;
}

export interface EntrypointInstruction extends InstructionBase {
  readonly keyword: 'ENTRYPOINT';
  readonly command: CommandLine;
}

/** What COPY and ADD have in common. */
export interface TransferInstruction extends InstructionBase {
  /** Sources that are paths, patterns or addresses. */
  readonly sources: readonly Word[];
  /** Sources that are heredocs, in the order of the line. */
  readonly heredocs: readonly Heredoc[];
  readonly destination: Word;
  readonly chown?: Word;
  readonly chmod?: Word;
  readonly link: boolean;
  readonly excludes: readonly Word[];
}

export interface CopyInstruction extends TransferInstruction {
  readonly keyword: 'COPY';
  /** Stage name or index, image or named context; never expanded. */
  readonly from?: Word;
  readonly parents: boolean;
}

export interface AddInstruction extends TransferInstruction {
  readonly keyword: 'ADD';
  readonly checksum?: Word;
  /** Absent when the flag is. */
  readonly keepGitDir?: boolean;
  /** Absent when the flag is: local archives are unpacked, downloaded ones are not. */
  readonly unpack?: boolean;
}

export interface KeyValue {
  readonly key: Word;
  readonly value: Word;
  /** Written `key value`, the legacy form. */
  readonly legacy: boolean;
}

export interface EnvInstruction extends InstructionBase {
  readonly keyword: 'ENV';
  readonly entries: readonly KeyValue[];
}

export interface LabelInstruction extends InstructionBase {
  readonly keyword: 'LABEL';
  readonly entries: readonly KeyValue[];
}

export interface ArgDeclaration {
  readonly name: string;
  readonly range: SourceRange;
  readonly default?: Word;
}

export interface ArgInstruction extends InstructionBase {
  readonly keyword: 'ARG';
  readonly args: readonly ArgDeclaration[];
}

export interface ExposeInstruction extends InstructionBase {
  readonly keyword: 'EXPOSE';
  /** Sorted, as BuildKit sorts them. */
  readonly ports: readonly Word[];
}

export interface VolumeInstruction extends InstructionBase {
  readonly keyword: 'VOLUME';
  readonly paths: readonly Word[];
}

export interface UserInstruction extends InstructionBase {
  readonly keyword: 'USER';
  readonly user: Word;
}

export interface WorkdirInstruction extends InstructionBase {
  readonly keyword: 'WORKDIR';
  readonly path: Word;
}

export interface OnbuildInstruction extends InstructionBase {
  readonly keyword: 'ONBUILD';
  /** The trigger as the image's config stores it, heredocs spelled out. */
  readonly expression: string;
  readonly trigger: Instruction;
}

export interface StopsignalInstruction extends InstructionBase {
  readonly keyword: 'STOPSIGNAL';
  readonly signal: Word;
}

/** Durations are whole nanoseconds, as the OCI config wants them; one that is absent was not given or is 0. */
export interface HealthcheckInstruction extends InstructionBase {
  readonly keyword: 'HEALTHCHECK';
  /** `['NONE']`, `['CMD', …]` or `['CMD-SHELL', script]`. */
  readonly test: readonly string[];
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}

export interface ShellInstruction extends InstructionBase {
  readonly keyword: 'SHELL';
  readonly shell: readonly string[];
}

export interface MaintainerInstruction extends InstructionBase {
  readonly keyword: 'MAINTAINER';
  readonly name: string;
}

/** One instruction; `keyword` tells which. */
export type Instruction =
  | FromInstruction
  | RunInstruction
  | CopyInstruction
  | AddInstruction
  | EnvInstruction
  | LabelInstruction
  | ArgInstruction
  | CmdInstruction
  | EntrypointInstruction
  | ExposeInstruction
  | VolumeInstruction
  | UserInstruction
  | WorkdirInstruction
  | OnbuildInstruction
  | StopsignalInstruction
  | HealthcheckInstruction
  | ShellInstruction
  | MaintainerInstruction;

/** A keyword in upper case. */
export type Keyword = Instruction['keyword'];
