import type { StoreRow, StoreView } from '@varve/engine';
import { bundledPlugins } from '../bundled-plugins.js';
import { fromEngine } from '../engine.js';
import { exitCodes } from '../exit-codes.js';
import { type FlagSpec, type FlagValues, isOn, textOf } from '../flags/flag-spec.js';
import { cacheLsFlags, cachePruneFlags } from '../flags/other-flags.js';
import { parseSize, parseSpan } from '../options/limits.js';
import { Problems } from '../options/problems.js';
import { showSize } from '../show/size.js';
import { showTable } from '../show/table.js';
import { oneLine } from '../terminal/sanitize.js';
import { settle } from './settings.js';

/** `varve cache ls`. Resolves with the exit code. */
export async function cacheLsCommand(given: FlagValues): Promise<number> {
  return await withStore(given, cacheLsFlags, async (store, flags) => {
    const rows = [...(await store.list())].sort((a, b) => b.size - a.size);
    process.stdout.write(
      isOn(flags, 'json') ? `${JSON.stringify(rows, undefined, 2)}\n` : cacheTable(rows, Date.now()),
    );
  });
}

/** `varve cache prune`. Resolves with the exit code. Without a flag that says what may go: what nothing refers to. */
export async function cachePruneCommand(given: FlagValues): Promise<number> {
  const which = whatToPrune(given);
  return await withStore(given, cachePruneFlags, async (store, flags) => {
    const pruned = await store.prune(which);
    process.stdout.write(`${isOn(flags, 'json') ? JSON.stringify(pruned) : prunedText(pruned, which.maxSize)}\n`);
  });
}

/** What was removed, and where more is left than was to be, why. */
function prunedText(
  { removed, bytes, left }: { readonly removed: number; readonly bytes: number; readonly left: number },
  maxSize = Number.POSITIVE_INFINITY,
): string {
  const more = left > maxSize ? ': images that are kept stay, and what running builds use' : '';
  return `removed ${count(removed)}, ${showSize(bytes)}; ${showSize(left)} are left${more}`;
}

function whatToPrune(flags: FlagValues): {
  readonly maxSize?: number;
  readonly olderThanMs?: number;
  readonly all?: boolean;
} {
  const problems = new Problems();
  const [size, span, all] = [textOf(flags, 'max-size'), textOf(flags, 'older-than'), isOn(flags, 'all')];
  const maxSize = size === undefined ? undefined : problems.attempt('--max-size', size, parseSize);
  const olderThanMs = span === undefined ? undefined : problems.attempt('--older-than', span, parseSpan);
  if (all && (size !== undefined || span !== undefined))
    problems.add('--all', 'it leaves nothing for --max-size and --older-than');
  problems.throwIfAny();
  if (all) return { all };
  return { ...(maxSize === undefined ? {} : { maxSize }), ...(olderThanMs === undefined ? {} : { olderThanMs }) };
}

async function withStore(
  given: FlagValues,
  specs: readonly FlagSpec[],
  use: (store: StoreView, flags: FlagValues) => Promise<void>,
): Promise<number> {
  const { flags, store: dir } = await settle(given, specs);
  const openStore = await fromEngine('openStore');
  const store = await openStore(dir, { env: process.env, bundled: bundledPlugins() });
  try {
    await use(store, flags);
    return exitCodes.done;
  } finally {
    await store.close();
  }
}

/** What a store keeps, with a line that sums it up. */
function cacheTable(rows: readonly StoreRow[], now: number): string {
  if (rows.length === 0) return 'the store is empty\n';
  const columns = [
    { title: 'KIND' },
    { title: 'NAME' },
    { title: 'SIZE', align: 'right' },
    { title: 'LAST USED' },
    { title: 'MADE BY' },
  ] as const;
  const cells = rows.map(row => [
    row.kind,
    shownName(row.digest),
    showSize(row.size),
    showAge(now - row.lastUsed),
    oneLine(row.createdBy ?? '').slice(0, 100),
  ]);
  const total = rows.reduce((sum, row) => sum + row.size, 0);
  return `${showTable(columns, cells)}\n${count(rows.length)}, ${showSize(total)}\n`;
}

/** `3 hours ago`. */
export function showAge(milliseconds: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ];
  for (const [name, length] of units) {
    const count = Math.floor(milliseconds / length);
    if (count >= 1) return `${count} ${name}${count === 1 ? '' : 's'} ago`;
  }
  return 'just now';
}

/** Digests and keys by their beginning, names as they are. */
function shownName(name: string): string {
  return /^(?:sha256:)?[0-9a-f]{64}$/.test(name) ? name.replace(/^sha256:/, '').slice(0, 12) : oneLine(name);
}

function count(things: number): string {
  return things === 1 ? '1 item' : `${things} items`;
}
