import { posix } from 'node:path';
import { hasGlobMeta, matchGlob, nearest } from '@varve/dockerfile';
import { VarveError } from '../model/error.js';
import type { TreePath } from '../model/path.js';
import { nameOf } from '../path/name.js';
import type { TreeView } from '../plugin/instruction.js';

/** Something that a source pattern selected. */
export interface Selected {
  /** Its last name as selected, before links were followed: the name it gets in a directory. `''` for the whole source. */
  readonly name: string;
  /** The real path of what is copied: a link at the end is followed. */
  readonly path: TreePath;
}

/**
 * What a COPY or ADD source selects, as BuildKit does it: a plain path as it is, a pattern of Go's `filepath.Match` name by name,
 * each match not looked into further. A pattern that matches nothing selects nothing; a path that is not there is an error.
 * `..` above the root is dropped, as the reference says. Errors: `E_COPY_OUTSIDE`, `E_COPY_SOURCE_MISSING`.
 */
export function selectSources(tree: TreeView, pattern: string): readonly Selected[] {
  const names = cleanNames(pattern);
  const plain = names.findIndex(hasGlobMeta);
  if (plain === -1) return [selectPath(tree, names.join('/'), pattern)];
  const start = tree.resolve(names.slice(0, plain).join('/'));
  return matchBelow(tree, start, names.slice(plain)).map(path => selectPath(tree, path, path));
}

function cleanNames(pattern: string): string[] {
  return posix.resolve('/', pattern).split('/').filter(Boolean);
}

/** A path as it is, without wildcards. Errors: `E_COPY_OUTSIDE`, `E_COPY_SOURCE_MISSING`. */
export function selectPlain(tree: TreeView, path: string): Selected {
  return selectPath(tree, cleanNames(path).join('/'), path);
}

function selectPath(tree: TreeView, path: TreePath, written: string): Selected {
  const real = tree.resolve(path);
  if (tree.entry(real)) return { name: nameOf(path), path: real };
  throw leadsOut(written) ? outside(written, path) : missing(tree, path, real);
}

function leadsOut(written: string): boolean {
  return /^\.\.(\/|$)/.test(posix.normalize(written.replace(/^\/+/, '')));
}

/** Who writes `..` mostly means a folder above the context. */
function outside(written: string, path: TreePath): VarveError {
  const message = `"${written}" leads out of what can be copied from, and "${path}" does not exist there`;
  return new VarveError('E_COPY_OUTSIDE', message, {
    hint: 'sources are relative to the context; use a context further up, or --build-context for another folder',
  });
}

function matchBelow(tree: TreeView, dir: TreePath, patterns: readonly string[]): TreePath[] {
  const [pattern, ...rest] = patterns as [string, ...string[]];
  const matches = tree.list(dir).filter(name => matchGlob(pattern, name));
  const paths = matches.map(name => (dir === '' ? name : `${dir}/${name}`));
  return rest.length === 0 ? paths : paths.flatMap(path => matchBelow(tree, path, rest));
}

function missing(tree: TreeView, path: TreePath, real: TreePath): VarveError {
  const at = real.lastIndexOf('/');
  const [dir, name] = at === -1 ? ['', real] : [real.slice(0, at), real.slice(at + 1)];
  const names = tree.list(dir);
  const near = nearest(name, names);
  const nearPath = near === undefined ? undefined : dir === '' ? near : `${dir}/${near}`;
  const hint = nearPath
    ? `did you mean "${nearPath}"?`
    : tree.entry(dir)?.type !== 'directory'
      ? `there is no folder "${dir}" either`
      : names.length === 0
        ? `"${dir || '.'}" is empty`
        : `"${dir || '.'}" has ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}`;
  return new VarveError('E_COPY_SOURCE_MISSING', `"${path}" does not exist`, { hint, data: { path } });
}
