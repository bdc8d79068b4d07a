import { posix } from 'node:path';
import { compilePatterns, hasGlobMeta, type IgnoreMatcher } from '@varve/dockerfile';
import { VarveError } from '../model/error.js';
import { childPath } from '../path/name.js';
import type { TreeView } from '../plugin/instruction.js';
import { type Selected, selectPlain, selectSources } from './select.js';

/** What a source of `COPY --parents` means: where paths are counted from, and which of them are copied. */
export interface ParentsSelection {
  readonly bases: readonly Selected[];
  /** Undefined: everything. */
  readonly includes: IgnoreMatcher | undefined;
}

/**
 * Reads `BASE/./PATTERN`, or a pattern below the source's root. Unlike those of COPY the pattern knows `**`, and a directory it
 * matches is taken with all its content. Without wildcards the path has to exist. Errors: `E_COPY_SOURCE_MISSING`, `E_COPY_OUTSIDE`.
 */
export function selectParents(tree: TreeView, source: string): ParentsSelection {
  const pivot = source.indexOf('/./');
  const base = pivot === -1 ? '/' : source.slice(0, pivot);
  const written = pivot === -1 ? source : source.slice(pivot + 3);
  const pattern = posix.resolve('/', written).slice(1);
  const bases = selectSources(tree, base);
  if (!hasGlobMeta(base) && !hasGlobMeta(pattern)) requirePath(tree, bases[0], `${base}/${pattern}`, pattern);
  return { bases, includes: pattern === '' ? undefined : compilePatterns([pattern]) };
}

function requirePath(tree: TreeView, base: Selected | undefined, whole: string, inside: string): void {
  if (base && tree.entry(childPath(base.path, inside))) return;
  const { name } = selectPlain(tree, whole);
  throw new VarveError('E_COPY_SOURCE_MISSING', `"${posix.normalize(whole).slice(1)}" is reached through a link`, {
    hint: '--parents follows no links: name the real path',
    data: { path: name },
  });
}
