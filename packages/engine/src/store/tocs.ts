import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '@varve/oci';
import { decodeToc, encodeToc } from '../layer/toc-codec.js';
import { codeOf } from '../model/error.js';
import type { LayerToc } from '../model/toc.js';
import { decodeTree, encodeTree, type Tree } from '../tree/index.js';
import { markUsed, putFile, type Store, splitDigest, storeError } from './store.js';

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
  // Mostly a little, and somebody waits: through the pool of threads it takes several times as long.
  return openFiles(store, { read: path => decodeToc(readFileSync(path)), encode: encodeToc });
}

export function openTrees(store: Store): KeptTrees {
  return openFiles(store, { read: async path => decodeTree(await readShared(path)), encode: encodeTree });
}

/** A file, in memory that the threads of this process may share: a tree lies there as it was written. */
async function readShared(path: string): Promise<Buffer> {
  await using file = await open(path);
  const bytes = Buffer.from(new SharedArrayBuffer((await file.stat()).size));
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at);
    // It ends sooner than it did: what is left is zeros, which no checksum takes.
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes;
}

/** How values are files. */
interface Form<Value> {
  /** Errors: `E_TOC_DAMAGED`, those of the file system. */
  read(path: string): Value | Promise<Value>;
  encode(value: Value): Buffer;
}

/** Values in files below `toc`: by what their first bytes say one kind is told from another. */
function openFiles<Value>(store: Store, { read, encode }: Form<Value>): KeptByDigest<Value> {
  const pathOf = (digest: Digest): string => join(store.dir, 'toc', splitDigest(digest)[1]);
  return {
    async get(digest) {
      const path = pathOf(digest);
      try {
        const value = await read(path);
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
      putFile(store.dir, { partial, path: pathOf(digest) }, encode(value));
    },
  };
}
