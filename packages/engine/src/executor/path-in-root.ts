import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { codeOf, VarveError } from '../model/error.js';

const mostLinks = 40;

/** Where a path leads inside a root. */
export interface PathInRoot {
  /** Components that exist, all of them real (no links), in order; none for the root itself. */
  readonly existing: readonly string[];
  /** Components below `existing` that do not exist, in order. */
  readonly missing: readonly string[];
  /** What `existing` names. */
  readonly stats: Stats;
}

/**
 * Follows a path inside a root as a process that has entered the root would: links are resolved against the root, `..` stops at
 * it, so nothing outside is ever touched. Right as long as nothing else changes the root meanwhile, which holds while its owner
 * prepares it. Below something that is no folder everything is missing. Errors: `E_LINK_LOOP`.
 */
export function followInRoot(root: string, path: string): PathInRoot {
  const pending = components(path).reverse();
  const existing: string[] = [];
  const missing: string[] = [];
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '..') {
      if (missing.pop() === undefined) existing.pop();
      continue;
    }
    const stats = missing.length > 0 ? undefined : statOrMissing(onDisk(root, [...existing, name]));
    if (stats === undefined) {
      missing.push(name);
    } else if (stats.isSymbolicLink()) {
      if (++links > mostLinks) throw new VarveError('E_LINK_LOOP', `too many links on the way to ${path}`);
      const target = readlinkSync(onDisk(root, [...existing, name]));
      if (target.startsWith('/')) existing.length = 0;
      pending.push(...components(target).reverse());
    } else {
      existing.push(name);
    }
  }
  return { existing, missing, stats: lstatSync(onDisk(root, existing)) };
}

/** The path on disk of components inside a root. */
export function onDisk(root: string, parts: readonly string[]): string {
  return [root.replace(/\/+$/, ''), ...parts].join('/') || '/';
}

function components(path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.');
}

function statOrMissing(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
