import { readdirSync } from 'node:fs';
import { bytesToPath, onDisk } from '../../path/bytes.js';
import { childPath } from '../../path/name.js';
import type { Random } from './random.js';

/**
 * A path that is chosen when it is needed, the same one in equal folders: the nth of those that are there, or a name in the nth directory.
 * Random names alone would hardly ever meet something.
 */
export type Place =
  | { readonly path: string }
  | { readonly nth: number; readonly of: 'files' | 'everything' }
  | { readonly nth: number; readonly name: string };

const names = ['a', 'b', 'ab', 'a-b', 'é', '\udcff'] as const;
export const longest = 'x'.repeat(255);
const most = 1000;
/** Deeper directories get nothing new, or paths would be longer than the kernel takes. */
const deepest = 5;

/** `mayBeLong`: for directories it may not, since an overlay renames none whose path has more than 255 bytes. */
export function newPlace(random: Random, mayBeLong: boolean): Place {
  return { nth: random.below(most), name: mayBeLong && random.below(10) === 0 ? longest : random.of(names) };
}

export function knownPlace(random: Random, of: 'files' | 'everything'): Place {
  return { nth: random.below(most), of };
}

/** A path below `dir`, or undefined where there is none of its kind. */
export function pathOf(place: Place, dir: string): string | undefined {
  if ('path' in place) return place.path;
  const found = [...entriesOf(dir, '')];
  if ('of' in place) return nth(place.of === 'files' ? found.filter(({ isFile }) => isFile) : found, place.nth)?.path;
  const directories = found.filter(({ path, isDirectory }) => isDirectory && path.split('/').length < deepest);
  return childPath(nth([{ path: '' }, ...directories], place.nth)?.path ?? '', place.name);
}

function nth<T>(items: readonly T[], index: number): T | undefined {
  return items[index % Math.max(1, items.length)];
}

interface Found {
  readonly path: string;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
}

/** In an order that the names decide. */
function* entriesOf(root: string, dir: string): Generator<Found, void, undefined> {
  const items = readdirSync(onDisk(root, dir), { encoding: 'buffer', withFileTypes: true });
  for (const item of items.sort((a, b) => a.name.compare(b.name))) {
    const path = childPath(dir, bytesToPath(item.name));
    yield { path, isFile: item.isFile(), isDirectory: item.isDirectory() };
    if (item.isDirectory()) yield* entriesOf(root, path);
  }
}
