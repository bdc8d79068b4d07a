import { writeLayerTar } from '../layer/write/write-layer-tar.js';
import type { Bytes } from '../model/bytes.js';
import { emptyTree } from '../tree/index.js';
import type { BaseFiles } from './snapshotter/base-files.js';
import { changesOf } from './snapshotter/rig.js';

/** The tar of a layer with these files, as the engine's writer makes it. Directories have to be among them. */
export function layerTar(files: BaseFiles): Bytes {
  const below = emptyTree();
  return writeLayerTar(changesOf(files), { ancestor: path => below.entry(path) });
}
