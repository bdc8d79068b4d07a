/** Layers: tars read, listed, unpacked, written, compressed and finished. */
export { type Decompress, decompress } from './archive/decompress.js';
export { isTar } from './archive/is-tar.js';
export { openArchive } from './archive/open-archive.js';
export { type Compression, compressionMagicSize, detectCompression } from './compress/detect.js';
export { compressorProviders, gzipModule } from './compress/providers.js';
export { type FinishedLayer, type FinishOptions, finishLayer } from './finish.js';
export { type FlattenInput, flattenLayers } from './flatten.js';
export { isKeptXattr, keptXattrs } from './kept-xattrs.js';
export { readLayer, readPlainTar } from './read.js';
export { spillLayer } from './spill.js';
export { TocCollector } from './toc.js';
export { decodeToc, encodeToc } from './toc-codec.js';
export { layOut } from './unpack/lay-out.js';
export type { Evidence, UnpackObserver } from './unpack/observer.js';
export { type UnpackedLayer, type UnpackTarget, unpackLayer } from './unpack/unpack-layer.js';
export { type LayerVisitor, teeVisitors } from './visitor.js';
export type { WriteLayerOptions } from './write/options.js';
export { writeLayerTar } from './write/write-layer-tar.js';
