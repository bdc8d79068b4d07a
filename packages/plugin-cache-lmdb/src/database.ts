import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CachedStep, KeyRecord } from '@varve/engine/plugin';
import type { Database as LmdbDatabase, RootDatabase } from 'lmdb';
import { isMappable } from './header.js';
import { assertRoom } from './room.js';

/** A remembered step. `used` is in milliseconds since the epoch. */
export interface StepRow {
  readonly step: CachedStep;
  readonly kind: string;
  readonly place?: string;
  readonly used: number;
}

/** The last records of one place, newest first. */
export type PlaceRow = readonly { readonly key: string; readonly record: KeyRecord }[];

/** An open database. Values are what the disk says: check them. */
export interface Database {
  /** By cache key. */
  readonly steps: LmdbDatabase<unknown, string>;
  /** By the digest of the place's name, since LMDB's keys are short. */
  readonly places: LmdbDatabase<unknown, string>;
  /** The engine's notes by the digest of their names; see `notes.ts`. */
  readonly notes: LmdbDatabase<Buffer, string>;
  /** Resolves once everything written is on disk, and closes. */
  close(): Promise<void>;
}

/** The folder says which format is in it: another format is another folder, and old builds never read new data. */
const folder = 'steps-1';

/** Is there anything that a look-up could find? Asked before LMDB is loaded. */
export function databaseExists(stateDir: string): boolean {
  return existsSync(join(stateDir, folder, 'data.mdb'));
}

/** Opens the database, making it where there is none. Throws what LMDB or the file system says; see {@link isDamage}. */
export async function openDatabase(stateDir: string): Promise<Database> {
  const dir = join(stateDir, folder);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'data.mdb');
  if (existsSync(file) && !(await isMappable(file))) throw new DamagedDatabase(`${file} is no whole LMDB file`);
  if (!existsSync(file) || statSync(file).size === 0) assertRoom(dir);
  const { open } = await import('lmdb');
  const root: RootDatabase<unknown, string> = open({ path: dir, encoding: 'json', maxDbs: 4 });
  try {
    const steps = root.openDB<unknown, string>({ name: 'steps', encoding: 'json' });
    const places = root.openDB<unknown, string>({ name: 'places', encoding: 'json' });
    const notes = root.openDB<Buffer, string>({ name: 'notes', encoding: 'binary' });
    return {
      steps,
      places,
      notes,
      async close() {
        await root.flushed;
        await root.close();
      },
    };
  } catch (error) {
    await root.close();
    throw error;
  }
}

/** Identity of the data file, so that only the file that was found damaged is moved, and not one that another build made since. */
export function databaseIdentity(stateDir: string): string | undefined {
  const stat = statSync(join(stateDir, folder, 'data.mdb'), { throwIfNoEntry: false, bigint: true });
  return stat && `${stat.dev}:${stat.ino}`;
}

/** Moves a damaged database out of the way, in place of one that was moved before. Gives where it went, or undefined where it is gone already. */
export function moveAside(stateDir: string, identity: string | undefined): string | undefined {
  if (databaseIdentity(stateDir) !== identity) return undefined;
  for (const name of readdirSync(stateDir))
    if (name.startsWith(`${folder}.damaged-`)) rmSync(join(stateDir, name), { recursive: true, force: true });
  const target = join(stateDir, `${folder}.damaged-${Date.now()}`);
  renameSync(join(stateDir, folder), target);
  return target;
}

/** The data file cannot be a database. */
class DamagedDatabase extends Error {
  override readonly name = 'DamagedDatabase';
}

/** errno values that tell of the machine's state, not of the file's: ENOMEM, ENFILE, EMFILE, ENOSPC, EROFS, EDQUOT; and LMDB's own "map full". */
const machineErrors: ReadonlySet<unknown> = new Set([12, 23, 24, 28, 30, 122, -30792]);

/** Is it the database that is broken, so that a new one would help? */
export function isDamage(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if (error instanceof SyntaxError || error instanceof DamagedDatabase) return true;
  return 'code' in error && typeof error.code === 'number' && !machineErrors.has(error.code);
}
