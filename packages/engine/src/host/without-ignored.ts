import { hasGlobMeta, matchGlob } from '@varve/dockerfile';
import type { Change, ChangeSet } from '../model/change.js';
import type { TreePath } from '../model/path.js';

/** Whether the name of a file or folder is meant. */
type Part = (name: string) => boolean;

/**
 * Without the changes at some absolute paths and below them, deletions among them. Each part of a path may be a pattern of Go's filepath.Match;
 * links are not followed. It does not matter who found the changes: what is left out here is on disk as everybody else knows it.
 */
export function withoutIgnored(changes: ChangeSet, paths: readonly string[]): ChangeSet {
  if (paths.length === 0) return changes;
  const ignored = paths.map(path => path.split('/').filter(Boolean).map(partOf));
  return keep(changes, path => {
    const names = path === '' ? [] : path.split('/');
    return !ignored.some(parts => parts.length <= names.length && parts.every((part, at) => part(names[at] as string)));
  });
}

async function* keep(changes: ChangeSet, isKept: (path: TreePath) => boolean): AsyncGenerator<Change, void, undefined> {
  for await (const change of changes) if (isKept(change.path)) yield change;
}

function partOf(text: string): Part {
  return hasGlobMeta(text) ? name => matchGlob(text, name) : name => name === text;
}
