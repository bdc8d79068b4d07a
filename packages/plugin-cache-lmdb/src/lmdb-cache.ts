import type {
  Bytes,
  CachedStep,
  CacheEntry,
  CacheKey,
  KeyRecord,
  LayerCache,
  Note,
  StepToSave,
} from '@varve/engine/plugin';
import { parseCachedStep } from '@varve/engine/plugin';
import {
  type Database,
  databaseExists,
  databaseIdentity,
  isDamage,
  moveAside,
  openDatabase,
  type StepRow,
} from './database.js';
import { nameKey } from './name-key.js';
import { forgetNotes, recallNotes, rememberNotes } from './notes.js';
import { parsePlaceRow, parseStepRow } from './rows.js';

/** How old a time of last use may be before a hit writes it again: reading should not mean writing. */
const usedPrecision = 3_600_000;
/** Records kept of one place: a step that changes to and fro is explained against the nearest of them. */
const recordsPerPlace = 4;

type Warn = (code: string, message: string, hint?: string) => void;

/**
 * Keys → steps in one LMDB below `stateDir`. Writes are synchronous transactions: those that LMDB's own thread commits later can
 * be lost where several processes write at once. Opened on first use, shared by any number of processes. A database that cannot be
 * read is moved aside with a warning, and an empty one takes its place.
 */
export class LmdbCache implements LayerCache {
  readonly #stateDir: string;
  readonly #warn: Warn;
  #opening: Promise<Database> | undefined;

  constructor(stateDir: string, warn: Warn) {
    this.#stateDir = stateDir;
    this.#warn = warn;
  }

  async findMany(keys: readonly CacheKey[]): Promise<readonly (CachedStep | undefined)[]> {
    if (!this.#opening && !databaseExists(this.#stateDir)) return keys.map(() => undefined);
    return this.#use(({ steps }) => {
      const now = Date.now();
      const rows = keys.map(key => ({ key, row: parseStepRow(steps.get(key)) }));
      touch(
        steps,
        rows.flatMap(({ key, row }) => (row && now - row.used > usedPrecision ? [[key, { ...row, used: now }]] : [])),
      );
      return rows.map(({ row }) => row?.step);
    });
  }

  /** The engine's store has the blobs of this cache; there is no other place to look. */
  async open(): Promise<Bytes | undefined> {
    return undefined;
  }

  async save({ key, record, step, place, position }: StepToSave): Promise<'stored' | 'declined'> {
    const stored = parseCachedStep(step);
    if (!stored) return 'declined';
    return this.#use(({ steps, places }) => {
      const row = { step: stored, kind: record.kind, ...(place === undefined ? {} : { place }), used: Date.now() };
      steps.transactionSync(() => {
        steps.putSync(key, row);
        for (const name of [place, position]) {
          if (name === undefined) continue;
          const known = parsePlaceRow(places.get(nameKey(name)));
          const others = known.filter(entry => entry.key !== key);
          places.putSync(nameKey(name), [{ key, record }, ...others].slice(0, recordsPerPlace));
        }
      });
      return 'stored' as const;
    });
  }

  async recordsAt(names: readonly string[]): Promise<readonly (readonly KeyRecord[])[]> {
    if (!this.#opening && !databaseExists(this.#stateDir)) return names.map(() => []);
    return this.#use(({ places }) =>
      names.map(name => parsePlaceRow(places.get(nameKey(name))).map(({ record }) => record)),
    );
  }

  async recall(names: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (!this.#opening && !databaseExists(this.#stateDir)) return names.map(() => undefined);
    return this.#use(({ notes }) => recallNotes(notes, names));
  }

  async remember(notes: readonly Note[]): Promise<void> {
    await this.#use(database => rememberNotes(database.notes, notes));
  }

  async forgetNotes(usedBefore: number): Promise<void> {
    if (!this.#opening && !databaseExists(this.#stateDir)) return;
    await this.#use(({ notes }) => forgetNotes(notes, usedBefore));
  }

  async entries(): Promise<readonly CacheEntry[]> {
    if (!this.#opening && !databaseExists(this.#stateDir)) return [];
    return this.#use(({ steps }) => {
      const found: CacheEntry[] = [];
      for (const { key, value } of steps.getRange({})) {
        const row = parseStepRow(value);
        if (!row) continue;
        const { used, ...rest } = row;
        found.push({ key: key as CacheKey, ...rest, lastUsed: used });
      }
      return found;
    });
  }

  async forget(keys: readonly CacheKey[]): Promise<void> {
    if (!this.#opening && !databaseExists(this.#stateDir)) return;
    const gone: ReadonlySet<string> = new Set(keys);
    await this.#use(({ steps, places }) =>
      steps.transactionSync(() => {
        for (const key of gone) steps.removeSync(key);
        for (const { key, value } of [...places.getRange({})]) {
          const row = parsePlaceRow(value);
          const left = row.filter(entry => !gone.has(entry.key));
          if (left.length === 0) places.removeSync(key);
          else if (left.length < row.length) places.putSync(key, left);
        }
      }),
    );
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    await (await opening)?.close();
  }

  /** Does something with the open database; where that shows it to be damaged, once more with a new one. */
  async #use<T>(work: (database: Database) => T | Promise<T>): Promise<T> {
    const identity = databaseIdentity(this.#stateDir);
    try {
      return await work(await this.#database());
    } catch (error) {
      if (!isDamage(error)) throw error;
      await this.#replace(identity, error as Error);
      return await work(await this.#database());
    }
  }

  #database(): Promise<Database> {
    this.#opening ??= openDatabase(this.#stateDir);
    return this.#opening;
  }

  async #replace(identity: string | undefined, error: Error): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    // What cannot be closed in good order is abandoned: its file is about to be moved.
    await opening?.then(database => database.close()).catch(() => undefined);
    const target = moveAside(this.#stateDir, identity);
    if (target === undefined) return;
    this.#warn(
      'W_CACHE_DAMAGED',
      `the layer cache could not be read (${error.message}) and was moved to ${target}; it starts empty`,
      'nothing has to be done; the next build fills it again',
    );
  }
}

/** Writes times of last use. What cannot be written, on a full disk for instance, is no loss: the hit stands. */
function touch(steps: Database['steps'], rows: readonly (readonly [CacheKey, StepRow])[]): void {
  if (rows.length === 0) return;
  try {
    steps.transactionSync(() => {
      for (const [key, row] of rows) steps.putSync(key, row);
    });
  } catch (error) {
    if (isDamage(error)) throw error;
  }
}
