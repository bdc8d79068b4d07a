import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { mediaTypes } from '@varve/oci';
import { openArchive } from '../layer/archive/open-archive.js';
import { layOut, readLayer, TocCollector } from '../layer/index.js';
import { spillLayer } from '../layer/spill.js';
import type { Bytes } from '../model/bytes.js';
import type { TreePath } from '../model/path.js';
import { onDisk } from '../path/bytes.js';
import { unpackChanges } from './packed-changes.js';
import type { HostMethods } from './protocol.js';
import type { Handlers } from './rpc.js';
import { SlotFiller } from './slot-ring.js';
import type { HostSurroundings } from './surroundings.js';

type LayerMethods = 'writeLayer' | 'readTocs' | 'spill' | 'unpackArchive' | 'digestFiles' | 'recompress' | 'layOut';

/** Work on layers that needs no root file system. */
export function layerWork(around: HostSurroundings): Pick<Handlers<HostMethods>, LayerMethods> {
  return {
    async writeLayer({ changes, ancestors, relay, ...options }, { signal, emit }) {
      const known = new Map(ancestors);
      const slots = relay && new SlotFiller(relay, () => emit(undefined));
      const readBy = async (tar: Bytes): Promise<void> => {
        for await (const chunk of tar) slots?.fill(chunk);
        slots?.end();
      };
      return around.writeLayer(
        () => unpackChanges(changes),
        path => known.get(path),
        { ...options, signal, ...(slots && { readBy, once: true }) },
      );
    },
    async readTocs({ layers }, { signal }) {
      for (const layer of layers) {
        const toc = new TocCollector();
        await readLayer(around.tar(layer, signal), toc, signal);
        await around.tocs.put(layer.diffId, toc.toc());
      }
      return undefined;
    },
    async spill({ dir, layers }, { signal }) {
      const files = new Map<TreePath, string>();
      for (const { paths, ...layer } of layers)
        for (const [path, file] of await spillLayer(around.tar(layer, signal), paths, dir, signal))
          files.set(path, file);
      return files;
    },
    async layOut({ dir, files }) {
      layOut(dir, files, process.geteuid?.() === 0);
      return undefined;
    },
    unpackArchive: ({ file, dir }, { signal }) =>
      openArchive(file, dir, signal, bytes => around.decompress(mediaTypes.ociLayerZstd, bytes)),
    digestFiles: ({ dir, paths }) => Promise.resolve(paths.map(path => digestFile(onDisk(dir, path)))),
    async recompress({ input, compression }, { signal }) {
      const finished = await around.finish(around.tar(input, signal), { compression, signal });
      // A tar is never of no bytes: it ends with two blocks of zeros.
      return finished as NonNullable<typeof finished>;
    },
  };
}

const buffer = Buffer.allocUnsafe(1 << 20);

/** SHA-256 of a file; null where it is gone. */
function digestFile(path: string | Buffer): string | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const hash = createHash('sha256');
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read));
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}
