/** Conformance suites: the test of a plugin is three lines. */
export { type CacheSubject, cacheSuite, type MadeStep, madeStep } from './cache-suite.js';
export { type CompressorSuiteOptions, compressorSuite } from './compressor-suite.js';
export { type ExecutorFactory, type ExecutorSuiteOptions, executorSuite } from './executor-suite.js';
export { layerTar } from './layer-tar.js';
export type { BaseFile, BaseFiles } from './snapshotter/base-files.js';
export { snapshotterOf } from './snapshotter-of.js';
export { type SnapshotterSuiteOptions, snapshotterSuite } from './snapshotter-suite.js';
