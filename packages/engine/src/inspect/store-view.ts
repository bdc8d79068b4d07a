import type { BundledPlugin } from '../model/options.js';
import { openSession } from '../session/session.js';
import { pruneStore } from '../store/prune.js';
import { listUsage, type UsageRow } from '../store/usage.js';

/** One thing that the store keeps. Times in milliseconds since 1970, sizes in bytes. */
export interface StoreRow {
  readonly kind: UsageRow['kind'];
  /** Of a blob; of a step without files its key; of a kept image its name. */
  readonly digest: string;
  readonly size: number;
  readonly lastUsed: number;
  /** What made it, where that is known. */
  readonly createdBy?: string;
}

/** The store as a person asks for it: `varve cache ls` and `prune`. */
export interface StoreView {
  usage(): Promise<{ readonly blobs: number; readonly bytes: number }>;
  list(): Promise<readonly StoreRow[]>;
  /** With nothing said: what neither a kept image nor a remembered step names. Never what a running build uses. */
  prune(which: { readonly maxSize?: number; readonly olderThanMs?: number; readonly all?: boolean }): Promise<{
    readonly removed: number;
    readonly bytes: number;
    /** Bytes that the store still has. */
    readonly left: number;
  }>;
  close(): Promise<void>;
}

export interface StoreViewOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where the cache plugins come from; without them remembered steps are not known as such. */
  readonly bundled?: readonly BundledPlugin[];
}

/** Opens a store for looking and pruning. Errors: `E_STORE`. */
export async function openStoreView(dir: string, options: StoreViewOptions = {}): Promise<StoreView> {
  const { env = {}, bundled = [] } = options;
  const session = await openSession({ context: dir, cwd: dir, store: dir, env, bundled }, {});
  const isBundled = bundled.some(({ provides }) => provides.some(({ slot, id }) => slot === 'cache' && id === 'lmdb'));
  const provider = isBundled ? await session.providers.get('cache', { id: 'lmdb', options: {} }) : undefined;
  const caches = provider ? [{ id: 'lmdb', cache: await provider.create(session.tools('cache-lmdb')) }] : [];
  const { store } = session;
  return {
    async usage() {
      const rows = await listUsage(store, caches);
      return {
        blobs: rows.reduce((sum, row) => sum + row.blobs.length, 0),
        bytes: rows.reduce((sum, row) => sum + row.size, 0),
      };
    },
    list: async () => (await listUsage(store, caches)).map(shownRow),
    async prune({ olderThanMs, ...which }) {
      const request = { ...which, ...(olderThanMs === undefined ? {} : { olderThan: olderThanMs }) };
      const { removed, freed, left } = await pruneStore(store, caches, request);
      return { removed: removed.length, bytes: freed, left };
    },
    async close() {
      for (const { cache } of caches) await cache.close();
      await session[Symbol.asyncDispose]();
    },
  };
}

function shownRow({ kind, id, size, lastUsed, what }: UsageRow): StoreRow {
  return { kind, digest: id, size, lastUsed, createdBy: what };
}
