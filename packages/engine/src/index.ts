/** The engine: builds, plans and explains. Everything that a front end needs, and nothing that a plugin does. */

export type { DoctorOptions } from './doctor.js';
export type { SnapshotBenchOptions } from './inspect/bench-snapshot.js';
export type { CacheMountRow } from './inspect/cache-mounts.js';
export type { DiffOptions } from './inspect/diff.js';
export type { FactDifference, FileDifference, ImageDifference } from './inspect/difference.js';
export type { PluginListOptions, PluginRow } from './inspect/plugins.js';
export type { BenchedDiff, BenchedStrategy, DiffCase, Disagreement, SnapshotBench } from './inspect/snapshot-bench.js';
export type { StoreRow, StoreView, StoreViewOptions } from './inspect/store-view.js';
export type { Annotation, AnnotationTarget } from './model/annotation.js';
export type { DoctorProvider, DoctorReport, LadderRung, Verdict } from './model/doctor.js';
export { codeOf, type ErrorPlace, VarveError } from './model/error.js';
export { type ErrorCode, errorCodes } from './model/error-codes.js';
export type {
  BuildEvent,
  ErrorSummary,
  EventSink,
  LayerSummary,
  PlannedStepSummary,
  StepResult,
} from './model/event.js';
export type { FieldDifference, StepExplanation } from './model/explanation.js';
export type {
  BuildOptions,
  BundledPlugin,
  OutputSpec,
  PluginSpec,
  ProviderChoice,
  SecretSpec,
} from './model/options.js';
export type { BuildResult } from './model/result.js';
export {
  benchSnapshots,
  build,
  checkBuild,
  diffImages,
  doctor,
  explainBuild,
  exportCacheMount,
  importCacheMount,
  listCacheMounts,
  listPlugins,
  openKeptImage,
  openStore,
  planBuild,
  removeCacheMount,
} from './on-demand.js';
export type { RunControl } from './session/run-control.js';
export { defaultStoreDir } from './store/location.js';
