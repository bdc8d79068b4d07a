import type { IgnoreMatcher } from '@varve/dockerfile';
import type { FileEntry } from '../model/file-entry.js';
import type { TreePath } from '../model/path.js';
import { childPath } from '../path/name.js';
import type { TreeView } from '../plugin/instruction.js';

/** Which of a directory's content a copy takes: `includes` of `--parents`, `excludes` of `--exclude`; paths relative to the directory. */
export interface TakenPatterns {
  readonly includes?: IgnoreMatcher | undefined;
  readonly excludes?: IgnoreMatcher | undefined;
}

/** Something below a directory that is copied. */
export interface TakenFile {
  readonly path: TreePath;
  /** Its path from the directory. */
  readonly inside: TreePath;
  readonly entry: FileEntry;
  /** False: a directory that no pattern takes, on the way to something that one does. */
  readonly taken: boolean;
}

/**
 * What a copy takes of a directory's content, parents first, links not followed. Below a directory that is taken everything is; one that
 * is not is looked through all the same, and appears only where something in it is taken (tonistiigi/fsutil, copy).
 */
export function walkTaken(tree: TreeView, start: TreePath, patterns: TakenPatterns): Generator<TakenFile> {
  const scopes = { includes: patterns.includes?.root, excludes: patterns.excludes?.root };
  return below(tree, { path: start, inside: '', scopes, waiting: [] });
}

interface Scopes {
  readonly includes: IgnoreMatcher['root'] | undefined;
  readonly excludes: IgnoreMatcher['root'] | undefined;
}

interface Place {
  readonly path: TreePath;
  readonly inside: TreePath;
  readonly scopes: Scopes;
  /** Directories on the way here that did not appear yet, the outermost first. */
  readonly waiting: readonly Waiting[];
}

interface Waiting {
  readonly file: TakenFile;
  appeared: boolean;
}

function* below(tree: TreeView, { path, inside, scopes, waiting }: Place): Generator<TakenFile> {
  const { includes, excludes } = scopes;
  for (const name of tree.list(path)) {
    const child = childPath(path, name);
    const entry = tree.entry(child) as FileEntry;
    const file = { path: child, inside: childPath(inside, name), entry };
    if (entry.type !== 'directory') {
      if (includes?.ignores(name) === false || excludes?.ignores(name)) continue;
      yield* appear(waiting);
      yield { ...file, taken: true };
      continue;
    }
    const own = { includes: includes?.enter(name), excludes: excludes?.enter(name) };
    const taken = own.includes?.ignored !== false && own.excludes?.ignored !== true;
    if (!taken && mayTakeNothing(own)) continue;
    if (taken) {
      yield* appear(waiting);
      yield { ...file, taken: true };
    }
    const here = taken ? waiting : [...waiting, { file: { ...file, taken: false }, appeared: false }];
    yield* below(tree, { path: child, inside: file.inside, scopes: own, waiting: here });
  }
}

function* appear(waiting: readonly Waiting[]): Generator<TakenFile> {
  for (const one of waiting) {
    if (one.appeared) continue;
    one.appeared = true;
    yield one.file;
  }
}

/** Whether nothing below a directory can be taken. */
function mayTakeNothing({ includes, excludes }: Scopes): boolean {
  return (includes !== undefined && !includes.ignored && !includes.mayIgnore) || excludes?.mayKeep === false;
}
