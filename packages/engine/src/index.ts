/** The engine: builds, plans and explains. Everything that a front end needs, and nothing that a plugin does. */

export { build } from './build.js';
export { type DoctorOptions, doctor } from './doctor.js';
export { benchSnapshots, type SnapshotBenchOptions } from './inspect/bench-snapshot.js';
export {
  type CacheMountRow,
  exportCacheMount,
  importCacheMount,
  listCacheMounts,
  removeCacheMount,
} from './inspect/cache-mounts.js';
export { type DiffOptions, diffImages } from './inspect/diff.js';
export type { FactDifference, FileDifference, ImageDifference } from './inspect/difference.js';
export type { BenchedDiff, BenchedStrategy, DiffCase, Disagreement, SnapshotBench } from './inspect/snapshot-bench.js';
export {
  openStoreView as openStore,
  type StoreRow,
  type StoreView,
  type StoreViewOptions,
} from './inspect/store-view.js';
export { checkBuild, explainBuild, planBuild } from './look-ahead.js';
export type { Annotation, AnnotationTarget } from './model/annotation.js';
export type { DoctorProvider, DoctorReport, Verdict } from './model/doctor.js';
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
export type { RunControl } from './session/run-control.js';
export { defaultStoreDir } from './store/location.js';
