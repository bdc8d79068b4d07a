import type { Instruction } from '@varve/dockerfile';
import type { Change, ChangeSet, FileContent } from '../model/change.js';
import type { ErrorPlace } from '../model/error.js';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import type { StepExit, StepMount } from '../model/process.js';
import type { StepInputs, StepState } from '../model/step.js';
import type { LayerEntry } from '../model/toc.js';

export type { StepDownload, StepInputs, StepSource, StepState } from '../model/step.js';

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
  /** This tree with changes made to it; this one stays as it is. */
  after(changes: Iterable<Change>): TreeView;
  /** Content of `etc/passwd` and `etc/group`, `''` where there is none. */
  readonly passwd: string;
  readonly group: string;
}

/** A source that was opened for a step: its tree, and where contents can be read. */
export interface OpenedSource {
  /** Of a context: without what its ignore file excludes. */
  readonly tree: TreeView;
  /** False for folders of the user, whose files become root's. */
  readonly keepsOwners: boolean;
  /** Makes contents readable and says where they are, one for each path (real paths of files in `tree`), in order. */
  contents(paths: readonly TreePath[]): Promise<readonly FileContent[]>;
}

/** Who a file of a mount belongs to, and what may be done with it. */
export interface MountOwner {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Something that a step sees besides its root, as its instruction asks for it. Targets are absolute. */
export type CommandMount = (
  | Extract<StepMount, { kind: 'tmpfs' }>
  /** Files of a source, by the place of the source among `inputs().sources`. What is written to them is gone with the step. */
  | { readonly kind: 'source'; readonly source: number; readonly target: string; readonly readOnly: boolean }
  /** A folder that outlives the build. What it holds at first comes from a source, or it is empty and belongs to `owner`. */
  | {
      readonly kind: 'cache';
      readonly id: string;
      readonly sharing: 'shared' | 'private' | 'locked';
      readonly target: string;
      readonly readOnly: boolean;
      readonly initial: { readonly source: number } | { readonly owner: MountOwner };
    }
  /** A secret of the build: as a file where it has a target, as a variable where it has a name, or both. */
  | {
      readonly kind: 'secret';
      readonly id: string;
      readonly required: boolean;
      readonly env?: string;
      readonly target?: string;
      readonly owner: MountOwner;
    }
  /** The socket of an agent that the build was given. */
  | {
      readonly kind: 'ssh';
      readonly id: string;
      readonly required: boolean;
      readonly target: string;
      readonly owner: MountOwner;
    }
) & {
  /** Where it stands in the Dockerfile, for errors. */
  readonly where?: ErrorPlace;
};

/** A process to be run in the stage's root, before users and mounts are resolved. */
export interface StepCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env: readonly string[];
  readonly cwd: string;
  /** As in the image config: name or number, optionally `:group`. */
  readonly user: string;
  readonly network: 'host' | 'none';
  readonly security: 'sandbox' | 'insecure';
  readonly mounts: readonly CommandMount[];
  /** Files that are there while the step runs and not part of the root, read-only. Absolute targets. */
  readonly files?: readonly { readonly target: string; readonly content: string; readonly mode: number }[];
  /**
   * Nothing else of the step runs after it: where it ends well, what it changed is being looked for already when `run` gives its answer. Another
   * `run` is an error then (`E_PLUGIN_STEP`).
   */
  readonly concludes?: boolean;
}

/** What a handler may use while it does its work. */
export interface StepWorld {
  /** The tree that the step starts from. */
  tree(): Promise<TreeView>;
  /** The tree of `FROM scratch`. */
  scratch(): TreeView;
  /** Opened in the order of `inputs().sources`. */
  source(index: number): Promise<OpenedSource>;
  /** Everything in an archive (a tar, perhaps compressed with gzip, bzip2, xz or zstd); null where the file is none. */
  unpackArchive(file: FileContent): Promise<readonly ArchiveMember[] | null>;
  /** A downloaded file, in the order of `inputs().downloads`: where it lies, and what the server said. */
  download(index: number): Promise<DownloadedFile>;
  /** Runs a process in the stage's root; what it prints becomes events. Needs effect `captured`. */
  run(command: StepCommand, signal: AbortSignal): Promise<StepExit>;
  /** The time that new files without a time of their own get, in nanoseconds. */
  readonly nowNs: bigint;
}

/** One entry of an archive, in the archive's order. */
export interface ArchiveMember {
  readonly entry: LayerEntry;
  /** Of a file. */
  readonly content?: FileContent;
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
 * missing must be among them.
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
