/** The plugin contract: types, `definePlugin` and `provide`. A plugin needs nothing else at run time. */
export type { Bytes } from '../model/bytes.js';
export { parseCachedStep } from '../model/cached-step.js';
export type { Change, ChangeSet, FileContent } from '../model/change.js';
export type { Verdict } from '../model/doctor.js';
export { codeOf, type ErrorPlace, VarveError } from '../model/error.js';
export type { FileEntry, FileType } from '../model/file-entry.js';
export type { BuildGraph, GraphStage, SourceRef, StepRef } from '../model/graph.js';
export type { BuiltImages, Image } from '../model/image.js';
export type { CachedStep, CacheKey, KeyRecord } from '../model/key.js';
export type { Layer } from '../model/layer.js';
export type { TreePath } from '../model/path.js';
export type { Plan, PlannedStage, PlannedStep } from '../model/plan.js';
export type { StepExit, StepMount, StepProcess, UserIds } from '../model/process.js';
export type { RootMount } from '../model/root.js';
export type { FileEffectKind } from '../model/step.js';
export type { LayerEntry, LayerToc } from '../model/toc.js';
export type { CacheEntry, CacheRepository, LayerCache, Memory, Note, StepToSave } from './cache.js';
export type { LayerCompressor } from './compressor.js';
export type { ContextRequest, ContextSource, OpenedContext } from './context.js';
export type { Executor, StepOutput } from './executor.js';
export type { BegunExport, Exporter, ExportResult, ExportTarget, ExportTools } from './exporter.js';
export {
  type BuildOutcome,
  type Hook,
  type HookArgs,
  type HookKind,
  type HookName,
  type HookResult,
  type Hooks,
  hookKind,
} from './hooks.js';
export type {
  ArchiveMember,
  CommandMount,
  DownloadedFile,
  FileEffect,
  InstructionHandler,
  MountOwner,
  OpenedSource,
  StepCommand,
  StepDownload,
  StepInputs,
  StepSource,
  StepState,
  StepWorld,
  TreeView,
} from './instruction.js';
export {
  type AnyProvider,
  type Arity,
  contractVersion,
  definePlugin,
  type Host,
  type HostFeature,
  type Isolation,
  type Plugin,
  type PluginModule,
  type Provider,
  provide,
  type SlotName,
  type Slots,
  slotArity,
  type Tools,
} from './plugin.js';
export type { LayerInput, RootRequest, Snapshotter, StageRoot, UnpackedTree, UnpackedTrees } from './snapshotter.js';
