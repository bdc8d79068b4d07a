import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Descriptor, Digest } from '@varve/oci';
import { codeOf, VarveError } from '../model/error.js';

/**
 * The store: everything that Varve keeps on this machine, below one folder of mode 0700.
 *
 * | path | what it is |
 * | --- | --- |
 * | `oci-layout`, `index.json`, `blobs/<algorithm>/<hex>` | an OCI image layout: blobs by digest, and the images that were kept |
 * | `toc/<hex>` | tables of contents of layers, by the hex of their diffId, and the trees of large bases |
 * | `unpacked/<hex>` | root file systems that layers unpack to, shared by builds; see `unpacked.ts` |
 * | `ingest/` | files that are being written; they become visible by rename |
 * | `scratch/` | one folder a build: roots, spills, downloads; gone with the build |
 * | `state/cache-mounts/` | what RUN --mount=type=cache keeps; see `cache-mounts.ts` |
 * | `state/<provider>/` | what a provider keeps (the LMDB of a cache, say) |
 *
 * Files appear by rename and are not synced to disk: a file torn by a power cut is noticed when its digest is checked on use.
 */
export interface Store {
  readonly dir: string;
  /** Whether there was none before. */
  readonly isNew: boolean;
  /** Folder for files being written; on the same file system as the blobs. */
  readonly ingestDir: string;
  /** A name in `ingestDir` that nobody else uses, in no process on no machine. */
  ingestFile(digest: Digest): string;
  /** Holds one folder a build; see `scratch.ts`. */
  readonly scratchDir: string;
  /** Where a blob is or would be. */
  blobPath(digest: Digest): string;
  /**
   * True where the blob is here with the size that the descriptor says. Its content is verified when it is read. Asking counts
   * as use: the file's time of modification moves, and no prune takes it from a build that is running.
   */
  has(descriptor: Pick<Descriptor, 'digest' | 'size'>): boolean;
  /** Moves a finished file, whose digest the caller computed, to its place. */
  adopt(file: string, digest: Digest): void;
  /** Writes small content (configs, manifests) whose digest is known. */
  put(digest: Digest, bytes: Uint8Array): void;
  /** Forgets a blob that turned out to be damaged. */
  discard(digest: Digest): Promise<void>;
  /** A provider's own folder, made on first use. */
  stateDir(provider: string): string;
}

/** Opens the store, making it where there is none. Errors: `E_STORE` where the folder cannot be used. */
export function openStore(dir: string): Store {
  const ingestDir = join(dir, 'ingest');
  const scratchDir = join(dir, 'scratch');
  // Times of files are a few milliseconds behind the clock, and a prune counts from when the build's folder was made: just after this.
  const surelySince = Date.now() + 1000;
  const isNew = inStore(dir, () => {
    const isMade = mkdirSync(join(dir, 'blobs'), { recursive: true, mode: 0o700 }) !== undefined;
    for (const name of ['blobs/sha256', 'toc', 'ingest', 'scratch', 'state'])
      mkdirSync(join(dir, name), { recursive: true, mode: 0o700 });
    return isMade;
  });
  const blobPath = (digest: Digest): string => join(dir, 'blobs', ...splitDigest(digest));
  return {
    dir,
    isNew,
    ingestDir,
    scratchDir,
    ingestFile: digest => join(ingestDir, `${splitDigest(digest)[1]}-${randomBytes(6).toString('hex')}`),
    blobPath,
    has({ digest, size }) {
      const path = blobPath(digest);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isFile() !== true || stat.size !== size) return false;
      return stat.mtimeMs >= surelySince || markUsed(path);
    },
    adopt: (file, digest) => inStore(dir, () => renameSync(file, blobPath(digest))),
    put(digest, bytes) {
      putFile(dir, { partial: this.ingestFile(digest), path: blobPath(digest) }, bytes);
    },
    async discard(digest) {
      await rm(blobPath(digest), { force: true });
    },
    stateDir(provider) {
      const path = join(dir, 'state', provider);
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return path;
    },
  };
}

/**
 * Writes a file of the store under a name that nobody else uses, and gives it its own. At once: through the pool of threads that takes several times
 * as long, while somebody waits. Errors: `E_STORE`, `E_STORE_FULL`, with nothing of it left.
 */
export function putFile(
  dir: string,
  { partial, path }: { readonly partial: string; readonly path: string },
  bytes: Uint8Array,
): void {
  inStore(dir, () => {
    try {
      writeFileSync(partial, bytes, { mode: 0o600 });
      renameSync(partial, path);
    } catch (error) {
      rmSync(partial, { force: true });
      throw error;
    }
  });
}

/** Does something with files of the store in this folder. Errors: `E_STORE`, `E_STORE_FULL`. */
export function inStore<Made>(dir: string, work: () => Made): Made {
  try {
    return work();
  } catch (cause) {
    throw storeError(dir, cause);
  }
}

/** Moves a file's time of modification to now, which is how the store remembers its last use; false where the file is gone. */
export function markUsed(path: string): boolean {
  try {
    const now = Date.now() / 1000;
    utimesSync(path, now, now);
    return true;
  } catch (error) {
    // A store that may only be read is pruned by nobody either.
    return codeOf(error) !== 'ENOENT';
  }
}

/** `[algorithm, hex]`; refuses anything that is not a digest, so that a name can never leave its folder. */
export function splitDigest(digest: string): [string, string] {
  const match = /^(sha256|sha512):([0-9a-f]{64,128})$/.exec(digest);
  if (!match?.[1] || !match[2]) throw new VarveError('E_BAD_DIGEST', `"${digest}" is not a digest`);
  return [match[1], match[2]];
}

/** What failed on the store's disk, in the user's words: full, read-only, not permitted. */
export function storeError(dir: string, cause: unknown): VarveError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new VarveError('E_STORE_FULL', `no space left for the store at ${dir}`, {
      hint: 'free space there, run `varve cache prune`, or choose another folder with --store',
      cause,
    });
  return new VarveError('E_STORE', `the store at ${dir} cannot be used: ${(cause as Error).message}`, {
    hint: 'choose a folder that you may write to with --store or VARVE_STORE',
    cause,
  });
}
