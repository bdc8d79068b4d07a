import { posix } from 'node:path';
import { matchGlob } from '@varve/dockerfile';
import { type FlagValues, isOn, listOf } from '../flags/flag-spec.js';
import { BadValue, type Problems } from '../options/problems.js';
import type { Note } from './surroundings.js';

/** Paths whose changes are to be in no layer, as clean absolute ones, and what there is to say of others. */
export interface IgnoredPaths {
  readonly paths: readonly string[];
  readonly notes: readonly Note[];
}

/** `--ignore-path` and `--ignore-var-run`. What is no pattern goes to `problems`. */
export function ignoredPaths(flags: FlagValues, problems: Problems): IgnoredPaths {
  const given = problems.attemptAll('--ignore-path', listOf(flags, 'ignore-path'), checkPattern);
  const varRun = isOn(flags, 'ignore-var-run') || isOn(flags, 'whitelist-var-run') ? ['/var/run'] : [];
  const clean = given.map(path => posix.normalize(path).replace(/(.)\/$/, '$1'));
  const means = (path: string): boolean => path.startsWith('/') && path !== '/';
  return {
    paths: [...new Set([...clean.filter(means), ...varRun])],
    notes: clean
      .filter(path => !means(path))
      .map(path => ({ message: `--ignore-path ${path} means nothing: it is no absolute path of a file or folder` })),
  };
}

function checkPattern(path: string): string {
  try {
    matchGlob(path, '');
  } catch {
    throw new BadValue('a special character (* ? [ \\) is escaped with \\');
  }
  return path;
}
