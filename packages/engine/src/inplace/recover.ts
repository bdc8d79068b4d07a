import { existsSync, lstatSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytePath, onDisk } from './byte-paths.js';
import { Journal } from './journal.js';
import { livePins } from './live-pins.js';
import { move } from './move.js';
import type { HomeFiles, InPlaceSetup } from './places.js';
import { Swap } from './swap.js';

/**
 * Gives the root its own files back where a build was killed while they were parked. The caller holds the lock. What its step had is removed;
 * caches that it had borrowed are given back. Gives the files that were in the memory of the killed one alone.
 */
export function recover(setup: InPlaceSetup, files: HomeFiles): readonly string[] {
  const journal = new Journal(files.journal);
  const record = journal.read();
  if (record === undefined) return [];
  // The stage's own folder may be gone already, and is of no use: it goes the way of the rest.
  const stage = mkdtempSync(join(files.trash, 'stage-'));
  const places = { live: '', stage: bytePath(stage), parked: bytePath(files.parked), trash: bytePath(files.trash) };
  for (const deed of record.deeds) {
    if (deed.kind === 'rewritten') writeFileSync(deed.path, deed.text);
    else if (record.phase === 'shown' && !isThere(deed.from) && isThere(deed.to)) move(deed.to, deed.from);
  }
  const swap = new Swap(places, livePins(setup.kept), record.shared);
  if (record.phase === 'shown') swap.hide();
  if (record.phase !== 'settled') swap.restore();
  journal.end();
  return record.hidden.filter(path => !existsSync(path));
}

function isThere(path: string): boolean {
  return lstatSync(onDisk(path), { throwIfNoEntry: false }) !== undefined;
}
