import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '@varve/oci';
import { decodeToc, encodeToc } from '../layer/toc-codec.js';
import { codeOf } from '../model/error.js';
import type { LayerToc } from '../model/toc.js';
import { markUsed, type Store, splitDigest, storeError } from './store.js';

/** The tables of contents of layers, by diffId. */
export interface Tocs {
  /** Undefined where none is kept; a damaged one is removed and counts as none. */
  get(diffId: Digest): Promise<LayerToc | undefined>;
  put(diffId: Digest, toc: LayerToc): Promise<void>;
}

export function openTocs(store: Store): Tocs {
  const pathOf = (diffId: Digest): string => join(store.dir, 'toc', splitDigest(diffId)[1]);
  return {
    async get(diffId) {
      const path = pathOf(diffId);
      try {
        const toc = decodeToc(await readFile(path));
        markUsed(path);
        return toc;
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        if (codeOf(error) !== 'E_TOC_DAMAGED') throw storeError(store.dir, error);
        await rm(path, { force: true });
        return undefined;
      }
    },
    async put(diffId, toc) {
      const partial = join(store.ingestDir, `toc-${process.pid}-${randomBytes(8).toString('hex')}`);
      try {
        await writeFile(partial, encodeToc(toc), { mode: 0o600 });
        await rename(partial, pathOf(diffId));
      } catch (cause) {
        await rm(partial, { force: true });
        throw storeError(store.dir, cause);
      }
    },
  };
}
