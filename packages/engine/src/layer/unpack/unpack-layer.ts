import type { Bytes } from '../../model/bytes.js';
import type { FileEntry } from '../../model/file-entry.js';
import type { TreePath } from '../../model/path.js';
import type { LayerToc } from '../../model/toc.js';
import { readLayer } from '../read.js';
import { TocCollector } from '../toc.js';
import { teeVisitors } from '../visitor.js';
import type { UnpackObserver } from './observer.js';
import { Unpacker } from './unpacker.js';

export interface UnpackTarget {
  /** The root: a directory that nobody else changes meanwhile. */
  readonly dir: string;
  /** False: files stay this process's own; what the layer says of owners, modes and devices is told in `masked`. */
  readonly canChown: boolean;
  readonly observer?: UnpackObserver;
  readonly signal?: AbortSignal;
}

export interface UnpackedLayer {
  readonly toc: LayerToc;
  /**
   * Entries of paths that are not on disk what the layer says: foreign owners and modes where `canChown` is false, devices that
   * may not be made (an empty file stands in), xattrs that were refused.
   */
  readonly masked: ReadonlyMap<TreePath, FileEntry>;
}

/**
 * Lays a layer on a directory. Nothing is written outside it: no component of a path is ever a link (one that stands in the way
 * gives way to a directory), `..` and links to outside are refused. Whiteouts hide what lower layers hold; of two entries for
 * one path the later counts. Synchronous system calls between chunks, so run it where nobody waits.
 *
 * What was written before a failure stays. Errors: `E_LAYER_INVALID`, `E_LAYER_UNSUPPORTED`, `E_OWNER_UNMAPPED`, those of the file
 * system (`ENOSPC`), the signal's reason.
 */
export async function unpackLayer(tar: Bytes, target: UnpackTarget): Promise<UnpackedLayer> {
  const toc = new TocCollector();
  const unpacker = new Unpacker(target.dir, target.canChown, target.observer ?? {});
  try {
    await readLayer(tar, teeVisitors(toc, unpacker), target.signal);
    unpacker.finish();
  } finally {
    unpacker.close();
  }
  return { toc: toc.toc(), masked: unpacker.masked };
}
