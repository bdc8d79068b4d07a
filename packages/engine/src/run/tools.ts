import type { FinishedStepLayer, HostCommand } from '../host/protocol.js';
import type { Change, FileContent } from '../model/change.js';
import type { EventSink } from '../model/event.js';
import type { FileEntry } from '../model/file-entry.js';
import type { StepRef } from '../model/graph.js';
import type { CacheHit } from '../model/key.js';
import type { Layer } from '../model/layer.js';
import type { TreePath } from '../model/path.js';
import type { PlannedStage, PlannedStep } from '../model/plan.js';
import type { StepExit } from '../model/process.js';
import type { StepDownload, StepSource } from '../model/step.js';
import type {
  ArchiveMember,
  DownloadedFile,
  InstructionHandler,
  OpenedSource,
  StepCommand,
  TreeView,
} from '../plugin/instruction.js';

/** A layer that is being made. */
export interface LayerInTheMaking {
  /** Whatever the root is asked for from now on finds these changes there, and fails with `finished` where they cannot be. Absent where no root has them. */
  readonly laid?: Promise<void>;
  /** Null where nothing was changed. */
  readonly finished: Promise<FinishedStepLayer | null>;
}

/** A stage's root file system while the stage runs. */
export interface StageRootHandle extends AsyncDisposable {
  /** Makes the root hold exactly these layers, those it has already among them. From the call on, their tables of contents are on the way. */
  sync(layers: readonly Layer[]): Promise<void>;
  run(command: HostCommand, course: RunCourse, signal: AbortSignal): Promise<StepExit>;
  /** What was changed since, as a layer that the root holds from now on. */
  capture(signal: AbortSignal): LayerInTheMaking;
  /** Whether it has nothing to do but to take a layer that comes on these, or will in so many milliseconds. */
  isReadyOn(layers: readonly Layer[], patience: number): Promise<boolean>;
  /** A layer of known changes, which the root holds from now on: it is laid on it while it is written. `bytes`: how much work that is. */
  layDown(changes: readonly Change[], ancestors: Ancestors, bytes: number): LayerInTheMaking;
}

/** What there is to a process beside its command. */
export interface RunCourse {
  onOutput(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  /** Whether a later step will run one in the same root, for which some things can be made ready meanwhile. */
  readonly isFollowed: boolean;
}

/** The directories above changes, with their entries. */
export type Ancestors = readonly (readonly [TreePath, FileEntry])[];

/** What a step's sources are, for its mounts. */
export interface MountedSources {
  open(index: number): Promise<OpenedSource>;
  /** What tells the content of a source from any other. */
  digest(index: number): string;
  path(index: number): string;
}

/** A command that can be run, and what has to go once it was. */
export interface MountedCommand {
  readonly command: HostCommand;
  release(): Promise<void>;
}

/** The turn to run a step, until it is disposed of. `found`: somebody else did meanwhile, and this is what came of it. */
export interface StepTurn extends Disposable {
  readonly found?: CacheHit;
}

/** Other stages' layers, by index; waits until they are there. */
export type LayersOfStage = (index: number) => Promise<readonly Layer[]>;

/** What running a plan needs of the build around it. */
export interface RunTools {
  readonly signal: AbortSignal;
  readonly emit: EventSink;
  /** Milliseconds since the build began. */
  elapsed(): number;
  /** The time that new things get: now, or SOURCE_DATE_EPOCH. */
  now(): Date;
  handler(keyword: string): Promise<InstructionHandler>;
  treeOf(layers: readonly Layer[]): Promise<TreeView>;
  /** Makes ready what `treeOf` will need of these, where something does. */
  prepareTree(layers: readonly Layer[]): void;
  /** Makes ready what `openSource` will give, where it was only looked at before. */
  prepareSource(source: StepSource): void;
  openSource(source: StepSource, layersOfStage: LayersOfStage): Promise<OpenedSource>;
  /** Finds what the mounts of a command need. */
  mount(command: StepCommand, sources: MountedSources): Promise<MountedCommand>;
  download(download: StepDownload): Promise<DownloadedFile>;
  unpackArchive(file: FileContent): Promise<readonly ArchiveMember[] | null>;
  writeLayer(changes: readonly Change[], tree: TreeView): Promise<FinishedStepLayer | null>;
  /** The same, and lays it on a root meanwhile. */
  layDown(changes: readonly Change[], tree: TreeView, root: StageRootHandle): LayerInTheMaking;
  /** `label`: the stage's name, for people. */
  openRoot(label: string): StageRootHandle;
  /** What is to be done in a stage, now that those below it are there. */
  current(stage: PlannedStage): Promise<PlannedStage>;
  /**
   * What is to be done in a stage, now that the stages that it reads from are there: a step that takes the same files from them as an
   * earlier one did is known after all, and so may be those above it.
   */
  review(stage: PlannedStage, layersOfStage: LayersOfStage): Promise<PlannedStage>;
  /** A cached layer as it would have been made now: with this build's compression. */
  adopt(step: PlannedStep): Promise<FinishedStepLayer | null>;
  /** Waits for whoever runs this step just now. */
  turn(step: PlannedStep): Promise<StepTurn>;
  /** Remembers a finished step. Resolves once other builds on this machine know of it; what is farther away is told in the background. */
  save(step: PlannedStep, made: FinishedStepLayer | null, created: string): Promise<void>;
  /** Whether somebody wants to see each step finished before the next one begins. */
  readonly oneByOne: boolean;
  beforeStep(step: StepRef): Promise<void>;
  layerBuilt(layer: Layer, step: StepRef): Promise<void>;
  /** Is told of each layer that the image will have, as soon as its bytes can be had; `isNew`: a step of this build made it. */
  imageLayer(layer: Layer, isNew: boolean): void;
}
