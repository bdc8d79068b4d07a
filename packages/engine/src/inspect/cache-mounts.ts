import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { peek } from '../context/peek.js';
import { cacheMountName } from '../key/cache-mount.js';
import { treeOfFolder } from '../kit/scan-folder.js';
import { compressionMagicSize, decompress, detectCompression, readPlainTar, writeLayerTar } from '../layer/index.js';
import { Unpacker } from '../layer/unpack/unpacker.js';
import { codeOf, VarveError } from '../model/error.js';
import { cacheMountId, cacheMountsDir, slotsOf, writeAbout } from '../store/cache-mounts.js';
import { type FileLock, lock, tryLock } from '../store/lock.js';
import { removeFolder } from '../store/remove-folder.js';
import { openStore } from '../store/store.js';
import { folderChanges } from './folder-changes.js';

/** A cache of `RUN --mount=type=cache`, as a person sees it. Sizes in bytes, times in milliseconds since 1970. */
export interface CacheMountRow {
  /** As Dockerfiles write it. */
  readonly id: string;
  /** What tells it from others of the same id (which began with other files or another owner). */
  readonly name: string;
  readonly size: number;
  readonly lastUsed: number;
  /** A running step uses it. */
  readonly inUse: boolean;
}

/** All cache mounts of a store, the one used last first. Errors: `E_STORE`. */
export async function listCacheMounts(storeDir: string): Promise<readonly CacheMountRow[]> {
  const dir = cacheMountsDir(openStore(storeDir));
  const rows = readdirSync(dir).flatMap((name): CacheMountRow[] => {
    const folder = join(dir, name);
    const id = cacheMountId(folder);
    if (id === undefined) return [];
    const { mtimeMs } = statSync(join(folder, 'about.json'));
    const slots = slotsOf(folder).filter(slot => existsSync(join(folder, String(slot))));
    const size = slots.reduce((sum, slot) => sum + sizeOf(join(folder, String(slot))), 0);
    return [{ id, name, size, lastUsed: mtimeMs, inUse: slotsOf(folder).some(slot => isHeld(folder, slot)) }];
  });
  return rows.sort((a, b) => b.lastUsed - a.lastUsed);
}

/**
 * Writes a cache mount as a tar, with owners, modes and times; compressed with gzip where the file's name ends in `.gz` or `.tgz`. `cache`
 * is its id, or the beginning of its name. Errors: `E_CACHE_MOUNT_UNKNOWN`, `E_CACHE_MOUNT_BUSY` while a step uses it, `E_EXPORT`.
 */
export async function exportCacheMount(storeDir: string, cache: string, file: string): Promise<CacheMountRow> {
  const row = await findCacheMount(storeDir, cache);
  const folder = join(cacheMountsDir(openStore(storeDir)), row.name);
  const slot = slotsOf(folder).find(number => existsSync(join(folder, String(number)))) ?? 0;
  const held = hold(folder, slot, row.id);
  const partial = `${resolve(file)}.${process.pid}.tmp`;
  try {
    const dir = join(folder, String(slot));
    const changes = folderChanges(treeOfFolder(dir), dir);
    const tar = Readable.from(writeLayerTar(changes, { ancestor: () => undefined, isPlain: true }));
    const to = createWriteStream(partial, { mode: 0o600 });
    await (/\.(t?gz)$/.test(file) ? pipeline(tar, createGzip(), to) : pipeline(tar, to));
    await rename(partial, resolve(file));
  } catch (cause) {
    await rm(partial, { force: true });
    throw new VarveError('E_EXPORT', `the cache mount ${row.id} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    held.release();
  }
  return row;
}

/**
 * Makes a cache mount of a tar, plain or compressed, in the place of the one there is. It belongs to steps that ask for the owner and mode of
 * the tar's root (0755 and root where it has none). Errors: `E_ARCHIVE_INVALID`, `E_CACHE_MOUNT_BUSY`, `E_STORE_FULL`.
 */
export async function importCacheMount(storeDir: string, id: string, file: string): Promise<CacheMountRow> {
  const store = openStore(storeDir);
  const fresh = join(cacheMountsDir(store), `import-${process.pid}-${Date.now()}`);
  mkdirSync(fresh, { mode: 0o755 });
  try {
    await unpack(resolve(file), fresh);
    const { mode, uid, gid } = statSync(fresh);
    const name = cacheMountName(id, { mode: mode & 0o7777, uid, gid });
    const folder = join(cacheMountsDir(store), name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const making = await lock(join(folder, 'make.lock'));
    const held = hold(folder, 0, id);
    try {
      await removeFolder(join(folder, '0'));
      await rename(fresh, join(folder, '0'));
      await writeAbout(store, folder, id);
    } finally {
      held.release();
      making.release();
    }
    return { id, name, size: sizeOf(join(folder, '0')), lastUsed: Date.now(), inUse: false };
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Removes a cache mount. Errors: `E_CACHE_MOUNT_UNKNOWN`, `E_CACHE_MOUNT_BUSY`. */
export async function removeCacheMount(storeDir: string, cache: string): Promise<CacheMountRow> {
  const row = await findCacheMount(storeDir, cache);
  const folder = join(cacheMountsDir(openStore(storeDir)), row.name);
  const held = slotsOf(folder).map(slot => hold(folder, slot, row.id));
  try {
    await removeFolder(folder);
  } finally {
    for (const one of held) one.release();
  }
  return row;
}

async function findCacheMount(storeDir: string, cache: string): Promise<CacheMountRow> {
  const rows = await listCacheMounts(storeDir);
  const found = rows.filter(({ id, name }) => id === cache || (cache.length >= 6 && name.startsWith(cache)));
  const [first, ...others] = found;
  if (first === undefined)
    throw new VarveError('E_CACHE_MOUNT_UNKNOWN', `there is no cache mount ${cache}`, {
      hint: rows.length === 0 ? 'the store has none' : `there is ${[...new Set(rows.map(({ id }) => id))].join(', ')}`,
    });
  if (others.length > 0)
    throw new VarveError('E_CACHE_MOUNT_UNKNOWN', `there are ${found.length} cache mounts ${cache}`, {
      hint: `name one: ${found.map(({ name }) => name.slice(0, 12)).join(', ')}`,
    });
  return first;
}

function hold(folder: string, slot: number, id: string): FileLock {
  const held = tryLock(join(folder, `${slot}.lock`));
  if (held) return held;
  throw new VarveError('E_CACHE_MOUNT_BUSY', `the cache mount ${id} is used by a running build`, {
    hint: 'wait for it to end',
  });
}

function isHeld(folder: string, slot: number): boolean {
  const free = tryLock(join(folder, `${slot}.lock`));
  free?.release();
  return free === undefined;
}

/** Zero where it holds folders that only other ids of this user may read: builds without root give them away. */
function sizeOf(dir: string): number {
  let size = 0;
  try {
    for (const change of folderChanges(treeOfFolder(dir), dir))
      size += change.kind === 'delete' ? 0 : change.entry.size;
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error;
    return 0;
  }
  return size;
}

async function unpack(file: string, dir: string): Promise<void> {
  const unpacker = new Unpacker(dir, process.geteuid?.() === 0, {});
  try {
    const { head, whole } = await peek(createReadStream(file, { highWaterMark: 1 << 20 }), compressionMagicSize);
    await readPlainTar(decompress(whole, detectCompression(head)), unpacker);
    unpacker.finish();
  } catch (cause) {
    const code = codeOf(cause);
    if (code !== 'E_LAYER_INVALID' && code !== 'E_LAYER_UNSUPPORTED' && code !== 'ENOENT') throw cause;
    throw new VarveError('E_ARCHIVE_INVALID', `${file} cannot be unpacked: ${(cause as Error).message}`, { cause });
  } finally {
    unpacker.close();
  }
}
