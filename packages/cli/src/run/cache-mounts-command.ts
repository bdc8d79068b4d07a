import type { CacheMountRow } from '@varve/engine';
import { fromEngine } from '../engine.js';
import { exitCodes } from '../exit-codes.js';
import { type FlagValues, isOn } from '../flags/flag-spec.js';
import { cacheMountsFlags } from '../flags/other-flags.js';
import { showSize } from '../show/size.js';
import { showTable } from '../show/table.js';
import { oneLine } from '../terminal/sanitize.js';
import { showAge } from './cache-command.js';
import { settle } from './settings.js';

/** `varve cache mounts ls`. Resolves with the exit code. */
export async function cacheMountsLsCommand(given: FlagValues): Promise<number> {
  const { flags, store } = await settle(given, cacheMountsFlags);
  const listCacheMounts = await fromEngine('listCacheMounts');
  const rows = await listCacheMounts(store);
  process.stdout.write(
    isOn(flags, 'json') ? `${JSON.stringify(rows, undefined, 2)}\n` : cacheMountsTable(rows, Date.now()),
  );
  return exitCodes.done;
}

/** `varve cache mounts export`, `import` and `rm`: one cache mount each. Resolves with the exit code. */
export async function cacheMountCommand(
  verb: 'export' | 'import' | 'rm',
  cache: string,
  file: string,
  given: FlagValues,
): Promise<number> {
  const { flags, store } = await settle(given, cacheMountsFlags);
  const row = await actions[verb](store, cache, file);
  const text = `${done[verb]} ${oneLine(row.id)}, ${showSize(row.size)}`;
  process.stdout.write(`${isOn(flags, 'json') ? JSON.stringify(row, undefined, 2) : text}\n`);
  return exitCodes.done;
}

const actions = {
  export: async (store: string, cache: string, file: string) =>
    (await fromEngine('exportCacheMount'))(store, cache, file),
  import: async (store: string, id: string, file: string) => (await fromEngine('importCacheMount'))(store, id, file),
  rm: async (store: string, cache: string) => (await fromEngine('removeCacheMount'))(store, cache),
} as const;

const done = { export: 'exported', import: 'imported', rm: 'removed' } as const;

/** What cache mounts a store keeps. */
function cacheMountsTable(rows: readonly CacheMountRow[], now: number): string {
  if (rows.length === 0) return 'there are no cache mounts\n';
  const columns = [
    { title: 'ID' },
    { title: 'NAME' },
    { title: 'SIZE', align: 'right' },
    { title: 'LAST USED' },
  ] as const;
  const cells = rows.map(row => [
    oneLine(row.id),
    row.name.slice(0, 12),
    showSize(row.size),
    row.inUse ? 'now' : showAge(now - row.lastUsed),
  ]);
  return showTable(columns, cells);
}
