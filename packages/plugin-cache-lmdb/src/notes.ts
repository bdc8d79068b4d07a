import type { Note } from '@varve/engine/plugin';
import type { Database } from './database.js';
import { nameKey } from './name-key.js';

/** A row is the time of its last use, in milliseconds since the epoch as a little-endian double, and the value. */
const timeBytes = 8;
/** How old a time of last use may be before recalling a note writes it again. */
const usedPrecision = 86_400_000;

/** The values of notes by name, in order; undefined for what is not there. What is used is marked as such. */
export function recallNotes(notes: Database['notes'], names: readonly string[]): readonly (Uint8Array | undefined)[] {
  const now = Date.now();
  const rows = names.map(name => {
    const key = nameKey(name);
    const row = notes.get(key);
    return row && row.length >= timeBytes ? { key, row } : undefined;
  });
  const old = rows.flatMap(found => (found && now - found.row.readDoubleLE() > usedPrecision ? [found] : []));
  if (old.length > 0)
    notes.transactionSync(() => {
      for (const { key, row } of old) notes.putSync(key, rowOf(row.subarray(timeBytes), now));
    });
  return rows.map(found => found?.row.subarray(timeBytes));
}

/** Writes notes, each in place of the one that had its name. */
export function rememberNotes(notes: Database['notes'], written: readonly Note[]): void {
  const now = Date.now();
  notes.transactionSync(() => {
    for (const { name, value } of written) notes.putSync(nameKey(name), rowOf(value, now));
  });
}

/** Removes the notes that were last used before a time. */
export function forgetNotes(notes: Database['notes'], usedBefore: number): void {
  notes.transactionSync(() => {
    for (const { key, value } of [...notes.getRange({})])
      if (value.length < timeBytes || value.readDoubleLE() < usedBefore) notes.removeSync(key);
  });
}

function rowOf(value: Uint8Array, used: number): Buffer {
  const row = Buffer.alloc(timeBytes + value.length);
  row.writeDoubleLE(used);
  row.set(value, timeBytes);
  return row;
}
