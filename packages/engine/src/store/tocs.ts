import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '@varve/oci';
import { decodeToc, encodeToc } from '../layer/toc-codec.js';
import { codeOf } from '../model/error.js';
import type { LayerToc } from '../model/toc.js';
import { decodeTree, encodeTree, type Tree } from '../tree/index.js';
import { markUsed, type Store, splitDigest, storeError } from './store.js';

/** Things that are kept by digest. */
export interface KeptByDigest<Value> {
  /** Undefined where none is kept; a damaged one is removed and counts as none. */
  get(digest: Digest): Promise<Value | undefined>;
  put(digest: Digest, value: Value): Promise<void>;
}

/** The tables of contents of layers, by diffId. */
export type Tocs = KeptByDigest<LayerToc>;

/** The trees that layers make, by the digest of what names all of them. */
export type KeptTrees = KeptByDigest<Tree>;

export function openTocs(store: Store): Tocs {
  return openFiles(store, decodeToc, encodeToc);
}

export function openTrees(store: Store): KeptTrees {
  return openFiles(store, decodeTree, encodeTree);
}

/** Values in files below `toc`: by what their first bytes say one kind is told from another. */
function openFiles<Value>(
  store: Store,
  decode: (bytes: Buffer) => Value,
  encode: (value: Value) => Buffer,
): KeptByDigest<Value> {
  const pathOf = (digest: Digest): string => join(store.dir, 'toc', splitDigest(digest)[1]);
  return {
    async get(digest) {
      const path = pathOf(digest);
      try {
        const value = decode(await readFile(path));
        markUsed(path);
        return value;
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        if (codeOf(error) !== 'E_TOC_DAMAGED') throw storeError(store.dir, error);
        await rm(path, { force: true });
        return undefined;
      }
    },
    async put(digest, value) {
      const partial = join(store.ingestDir, `toc-${process.pid}-${randomBytes(8).toString('hex')}`);
      try {
        await writeFile(partial, encode(value), { mode: 0o600 });
        await rename(partial, pathOf(digest));
      } catch (cause) {
        await rm(partial, { force: true });
        throw storeError(store.dir, cause);
      }
    },
  };
}
