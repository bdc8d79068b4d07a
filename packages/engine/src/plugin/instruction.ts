import type { Instruction } from '@varve/dockerfile';
import type { ImageConfig } from '@varve/oci';
import type { ChangeSet } from '../model/change.js';
import type { FileEntry } from '../model/file-entry.js';
import type { SourceRef } from '../model/graph.js';
import type { TreePath } from '../model/path.js';
import type { FileEffectKind } from '../model/plan.js';
import type { StepExit, StepMount } from '../model/process.js';

/** Files of a tree that can be looked up without a root file system. Links are never followed by `entry` and `list`. */
export interface TreeView {
  entry(path: TreePath): FileEntry | undefined;
  /** Names in a directory, in byte order; empty for anything else. */
  list(path: TreePath): readonly string[];
  /**
   * The real path that a path leads to inside the root: links followed (also at the end, unless `followLast` is false), `..` kept
   * inside. What does not exist is taken as written. Errors: `E_LINK_LOOP`.
   */
  resolve(path: string, options?: { readonly followLast?: boolean }): TreePath;
  /** Content of `etc/passwd` and `etc/group`, `''` where there is none. */
  readonly passwd: string;
  readonly group: string;
}

/** What is known when an instruction is planned. */
export interface StepState {
  readonly config: ImageConfig;
  /** Arguments in scope: declared ARGs with their values, predefined ones that were given. Not the environment. */
  readonly args: ReadonlyMap<string, string>;
  /** Names among `args` that must not decide a key (proxy arguments that were not declared). */
  readonly undecisive: ReadonlySet<string>;
}

/** Content outside the root that decides a step, and that it may read. */
export interface StepSource {
  readonly ref: SourceRef;
  /** Paths or patterns inside the source, as the instruction names them. */
  readonly patterns: readonly string[];
  /** `--exclude` patterns. */
  readonly excludes?: readonly string[];
}

/** A file to be fetched before the step's key is known (`ADD https://…`). */
export interface StepDownload {
  readonly url: string;
  readonly checksum?: string;
}

/** The answer to *what decides you?* */
export interface StepInputs {
  /** The image config once the step is done. */
  readonly config: ImageConfig;
  /** `created_by` of the history entry, as BuildKit writes it. */
  readonly createdBy: string;
  readonly effect: FileEffectKind;
  /** Fields of the cache key, besides the state of the files below and the content of `sources`. Values exact and resolved. */
  readonly fields: Readonly<Record<string, string>>;
  readonly sources?: readonly StepSource[];
  readonly downloads?: readonly StepDownload[];
}

/** A source that was opened for a step: its tree, and where contents can be read. */
export interface OpenedSource {
  readonly tree: TreeView;
  /** The paths that the patterns selected, in path order, each with the pattern that selected it. */
  readonly selected: readonly SelectedPath[];
}
export interface SelectedPath {
  readonly path: TreePath;
  readonly pattern: string;
}

/** A process to be run in the stage's root, before users and mounts are resolved. */
export interface StepCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env: readonly string[];
  readonly cwd: string;
  /** As in the image config: name or number, optionally `:group`. */
  readonly user: string;
  readonly network: 'host' | 'none';
  readonly security: 'sandbox' | 'insecure';
  readonly mounts: readonly StepMount[];
}

/** What a handler may use while it does its work. */
export interface StepWorld {
  /** The tree that the step starts from. */
  tree(): Promise<TreeView>;
  /** Opened in the order of `inputs().sources`. */
  source(index: number): Promise<OpenedSource>;
  /** A downloaded file, in the order of `inputs().downloads`: where it lies, and what the server said. */
  download(index: number): Promise<DownloadedFile>;
  /** Runs a process in the stage's root; what it prints becomes events. Needs effect `captured`. */
  run(command: StepCommand): Promise<StepExit>;
  /** The time that new files without a time of their own get, in nanoseconds. */
  readonly nowNs: bigint;
}

export interface DownloadedFile {
  readonly path: string;
  readonly size: number;
  readonly digest: string;
  /** From the URL's path or Content-Disposition. */
  readonly name: string;
  /** Last-Modified, in nanoseconds; 0 where the server did not say. */
  readonly mtimeNs: bigint;
}

/**
 * What a step did to files. `known` names its changes with paths of the destination tree (real, resolved); ancestors that are
 * missing must be among them. Contents that lie in source `n` are named by `sourceContent`.
 */
export type FileEffect =
  | { readonly kind: 'none' }
  | { readonly kind: 'known'; readonly changes: ChangeSet }
  | { readonly kind: 'captured' };

/** Carries out one keyword. The provider's id is the keyword in upper case. */
export interface InstructionHandler<I extends Instruction = Instruction> {
  /** Everything that decides the result. Pure; the instruction is expanded already. */
  inputs(instruction: I, state: StepState): StepInputs;
  /** Only called where `effect` is not `none` and no cache has the step. */
  perform?(instruction: I, state: StepState, world: StepWorld, signal: AbortSignal): Promise<FileEffect>;
}
