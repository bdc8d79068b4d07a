import { rmSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '@varve/oci';
import { codeOf } from '../model/error.js';
import { openKeptImages } from './kept.js';
import { oldestRunningBuild, removeDeadBuilds } from './scratch.js';
import { type Store, splitDigest } from './store.js';
import { removeUnpacked } from './unpacked.js';
import { listUsage, type NamedCache, type UsageRow } from './usage.js';

/**
 * What is to go. Without any: blobs that neither a kept image nor a cache names, and unpacked trees. What dead builds left goes in any case, what a running build
 * has used since it began stays in any case.
 */
export interface PruneRequest {
  /** Bytes that may stay; what was used longest ago goes first. Kept images stay. */
  readonly maxSize?: number;
  /** Milliseconds without use after which something goes. Kept images stay. */
  readonly olderThan?: number;
  /** Everything, kept images too. */
  readonly all?: boolean;
}

/** Notes are small and only save work: those that nobody asked for in so many milliseconds (30 days) go with any prune. */
const idleNotes = 30 * 86_400_000;

export interface PruneResult {
  readonly removed: readonly UsageRow[];
  /** Bytes. */
  readonly freed: number;
  readonly left: number;
}

/** Removes what the request says. Safe beside builds: one that loses something has not asked for it yet, and takes it for absent. */
export async function pruneStore(
  store: Store,
  caches: readonly NamedCache[],
  request: PruneRequest,
): Promise<PruneResult> {
  await removeDeadBuilds(store);
  const inUseSince = oldestRunningBuild(store) ?? Number.POSITIVE_INFINITY;
  const rows = await listUsage(store, caches);
  const idle = rows.filter(row => row.lastUsed < inUseSince);
  const removed: UsageRow[] = [];
  for (const row of choose(rows, idle, request)) if (await removeRow(store, caches, row, inUseSince)) removed.push(row);
  const notesBefore = request.all ? Number.POSITIVE_INFINITY : Date.now() - (request.olderThan ?? idleNotes);
  for (const { cache } of caches) await cache.forgetNotes?.(notesBefore);
  const freed = sizeOf(removed);
  return { removed, freed, left: sizeOf(rows) - freed };
}

function choose(rows: readonly UsageRow[], idle: readonly UsageRow[], request: PruneRequest): readonly UsageRow[] {
  const { maxSize, olderThan, all } = request;
  if (all) return idle;
  const candidates = idle.filter(({ kind }) => kind !== 'image');
  if (maxSize === undefined && olderThan === undefined)
    return candidates.filter(({ kind }) => kind === 'base' || kind === 'unpacked');
  const before = olderThan === undefined ? Number.NEGATIVE_INFINITY : Date.now() - olderThan;
  const chosen = new Set(candidates.filter(({ lastUsed }) => lastUsed < before));
  if (maxSize !== undefined) {
    let left = sizeOf(rows) - sizeOf(chosen);
    for (const row of [...candidates].reverse()) {
      if (left <= maxSize) break;
      if (chosen.has(row)) continue;
      chosen.add(row);
      left -= row.size;
    }
  }
  return [...chosen];
}

/** False where a build has begun to use it meanwhile. */
async function removeRow(
  store: Store,
  caches: readonly NamedCache[],
  row: UsageRow,
  inUseSince: number,
): Promise<boolean> {
  if (row.kind === 'toc') {
    rmSync(join(store.dir, 'toc', splitDigest(row.id)[1]), { force: true });
    return true;
  }
  if (row.kind === 'unpacked') return removeUnpacked(store, splitDigest(row.id)[1], inUseSince);
  // First the name, then what it means: nobody is given a name that has lost its blobs.
  if (row.kind === 'image') await (await openKeptImages(store)).remove(row.id).catch(() => false);
  const limit = Math.min(inUseSince, Date.now());
  for (const digest of row.blobs) if (!(await removeBlob(store, digest, limit))) return false;
  // A record whose blob is gone is a miss; a blob whose record is gone would be work lost.
  for (const { id, cache } of caches) {
    const keys = row.records.filter(record => record.cache === id).map(({ key }) => key);
    if (keys.length > 0) await cache.forget?.(keys);
  }
  return true;
}

/**
 * Takes a blob away, looks whether somebody asked for it since, and puts it back then: asking moves the time of use before it
 * answers, so whoever was told that the blob is here finds it.
 */
async function removeBlob(store: Store, digest: Digest, limit: number): Promise<boolean> {
  const path = store.blobPath(digest);
  const aside = store.ingestFile(digest);
  const before = statSync(path, { throwIfNoEntry: false });
  if (!before) return true;
  if (before.mtimeMs >= limit) return false;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
  const after = statSync(aside, { throwIfNoEntry: false });
  if (after && after.mtimeMs !== before.mtimeMs) {
    await rename(aside, path);
    return false;
  }
  // It may be gone: a build that begins removes old files that are in nobody's hands.
  await rm(aside, { force: true });
  return true;
}

function sizeOf(rows: Iterable<UsageRow>): number {
  let sum = 0;
  for (const { size } of rows) sum += size;
  return sum;
}
