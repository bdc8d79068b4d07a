import type { Bytes } from '../../model/bytes.js';
import type { ChangeSet } from '../../model/change.js';
import { LayerWriter } from './layer-writer.js';
import type { WriteLayerOptions } from './options.js';

/**
 * The one writer: changes become the tar of a layer, in large pieces. No changes give no bytes at all, not even an empty tar.
 *
 * Every layer obeys these rules, whoever found the changes:
 * - each directory above an entry is there, before it and once, with the tree's own metadata;
 * - one entry a path, in the order of `comparePaths`;
 * - of a link group the first path has the content, the others are hard links to it with the same metadata (the caller gives
 *   all paths of a group that changed);
 * - a replaced directory is its entry, then `.wh..wh..opq`, then what it holds; a deletion is a `.wh.` file of mode 0 and time 0;
 * - xattrs are kept but for overlay's and SELinux's; capabilities are in v2 form;
 * - equal changes give equal bytes.
 *
 * Files are read synchronously in pieces of at most 1 MiB. Up to that size a file is one consistent version, read again while it
 * changes; if a larger one changes while it is read, its entry still has the announced size (`copyFirst` makes it one version).
 *
 * Errors: `E_CHANGES_INVALID` (order, missing ancestors), `E_RESERVED_NAME`, `E_FILE_VANISHED`, `E_FILE_CHANGING`, `E_LAYER_UNSUPPORTED`, those of reading.
 */
export async function* writeLayerTar(changes: ChangeSet, options: WriteLayerOptions): Bytes {
  const writer = new LayerWriter(options);
  let isEmpty = true;
  for await (const change of changes) {
    isEmpty = false;
    for (const _ of writer.write(change)) yield* writer.output.takeFull();
    yield* writer.output.takeFull();
  }
  if (isEmpty) return;
  writer.end();
  yield* writer.output.takeAll();
}
