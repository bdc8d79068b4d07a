import { readdirSync } from 'node:fs';
import {
  bytesToPath,
  childPath,
  comparePaths,
  getXattr,
  isSameEntry,
  Looker,
  onDisk,
  type Seen,
} from '@varve/engine/kit';
import { type Change, codeOf, type FileEntry, type TreePath } from '@varve/engine/plugin';
import type { Candidate, Views } from './candidate.js';
import { regroup } from './link-groups.js';
import { hasSameContent } from './touched.js';

/**
 * What differs between the root before a step and after it, in path order. Only what the upper folder mentions is looked at: a path it does
 * not mention is as it was. What was touched but is equal is no change, in metadata and content.
 */
export function* findChanges(
  views: Views,
  ignore: readonly TreePath[],
  signal: AbortSignal,
): Generator<Change, void, undefined> {
  const ignored = new Set(ignore);
  const search = new Search(views, ignored, signal);
  const found = regroup(search.all(), views, ignored);
  for (const candidate of found) {
    const change = changeOf(candidate, views);
    if (change !== undefined) yield change;
  }
}

class Search {
  readonly #views: Views;
  readonly #ignored: ReadonlySet<TreePath>;
  readonly #signal: AbortSignal;
  readonly #looker = new Looker();
  readonly #found: Candidate[] = [];

  constructor(views: Views, ignored: ReadonlySet<TreePath>, signal: AbortSignal) {
    this.#views = views;
    this.#ignored = ignored;
    this.#signal = signal;
  }

  /** In path order. */
  all(): Candidate[] {
    const { before, after } = this.#views;
    this.#take('', this.#looker.look(before), this.#looker.look(after), false);
    return this.#found;
  }

  /** `whole`: the upper folder does not tell what of this directory is as it was, so all of it is looked at. */
  #directory(dir: TreePath, whole: boolean, wasDirectory: boolean): void {
    this.#signal.throwIfAborted();
    const { before, after, upper } = this.#views;
    const names = whole
      ? [...namesIn(onDisk(after, dir)), ...(wasDirectory ? namesIn(onDisk(before, dir)) : [])]
      : namesIn(onDisk(upper, dir));
    const paths = [...new Set(names)].map(name => childPath(dir, name)).sort(comparePaths);
    for (const path of paths) {
      if (this.#ignored.has(path)) continue;
      const old = wasDirectory ? this.#looker.look(onDisk(before, path)) : undefined;
      this.#take(path, old, this.#looker.look(onDisk(after, path)), whole);
    }
  }

  #take(path: TreePath, before: Seen | undefined, after: Seen | undefined, whole: boolean): void {
    if (before === undefined && after === undefined) return;
    const changed = before === undefined || after === undefined || !isSame(path, before, after, this.#views);
    this.#found.push({ path, before, after, changed });
    if (after?.entry.type !== 'directory') return;
    const wasDirectory = before?.entry.type === 'directory';
    this.#directory(path, whole || this.#standsAlone(path), wasDirectory);
  }

  /** Whether a directory of the upper folder hides the lower ones of its path, or shows those of another. */
  #standsAlone(path: TreePath): boolean {
    const { upper, attributes } = this.#views;
    const place = onDisk(upper, path);
    return marks.some(mark => getXattr(place, `${attributes}.overlay.${mark}`) !== undefined);
  }
}

/** How the kernel marks an opaque directory and one that was renamed. */
const marks = ['opaque', 'redirect'] as const;

function isSame(path: TreePath, before: Seen, after: Seen, views: Views): boolean {
  if (!isSameEntry(before.entry, after.entry)) return false;
  return before.entry.type !== 'file' || hasSameContent(path, views);
}

/** None where the directory has vanished meanwhile. */
function namesIn(dir: string | Buffer): readonly TreePath[] {
  try {
    return readdirSync(dir, { encoding: 'buffer' }).map(bytesToPath);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}

function changeOf({ path, before, after, changed, linkGroup }: Candidate, views: Views): Change | undefined {
  if (!changed) return undefined;
  if (after === undefined) return { kind: 'delete', path };
  const entry: FileEntry = linkGroup === undefined ? after.entry : { ...after.entry, linkGroup };
  if (entry.type === 'directory' && before !== undefined && before.entry.type !== 'directory')
    return { kind: 'replace', path, entry };
  if (entry.type !== 'file') return { kind: 'write', path, entry };
  return { kind: 'write', path, entry, content: { kind: 'path', path: onDisk(views.after, path) } };
}
