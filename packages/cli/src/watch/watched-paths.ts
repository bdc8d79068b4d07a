import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { compileIgnore, type IgnoreMatcher } from '@varve/dockerfile';
import type { BuildOptions } from '@varve/engine';
import { CliError } from '../errors/cli-error.js';

/** What a build reads and writes on this machine. Paths are absolute. */
export interface WatchedPaths {
  /** Folders of contexts, real, the build's own first, each with the files that may say what of it is ignored: the first that exists counts. */
  readonly folders: readonly { readonly dir: string; readonly ignoreFiles: readonly string[] }[];
  /** Single files: the Dockerfile, ignore files. Those that are not there are waited for. */
  readonly files: readonly string[];
  /** What the build itself writes: outputs, the store. */
  readonly written: readonly string[];
}

/** Finds out what to watch for a build; `alsoWritten` are files that are written after it. Errors: `E_BAD_FLAGS` where context or Dockerfile is nothing that can change on this machine. */
export function watchedPaths(options: BuildOptions, alsoWritten: readonly string[] = []): WatchedPaths {
  const { cwd, context, file } = options;
  if (file === '-' || context === '-')
    throw new CliError('E_BAD_FLAGS', '--watch: standard input can be read once only', {
      hint: 'name a folder and a file',
    });
  const dir = folderAt(cwd, context);
  if (dir === undefined)
    throw new CliError('E_BAD_FLAGS', `--watch: the context ${context} is no folder on this machine`, {
      hint: 'give the folder that is to be watched',
    });
  const dockerfile = file === undefined ? join(dir, 'Dockerfile') : resolve(cwd, file);
  const ignoreFiles = [join(dirname(dockerfile), `${basename(dockerfile)}.dockerignore`), join(dir, '.dockerignore')];
  const named = Object.values(options.buildContexts ?? {}).flatMap(reference => {
    const folder = folderAt(cwd, reference);
    return folder === undefined ? [] : [{ dir: folder, ignoreFiles: [join(folder, '.dockerignore')] }];
  });
  const outputs = (options.outputs ?? []).flatMap(({ attributes: { dest } }) => (dest && dest !== '-' ? [dest] : []));
  const results = [options.metadataFile, options.iidFile].filter(path => path !== undefined);
  return {
    folders: [{ dir, ignoreFiles }, ...named],
    files: [dockerfile, ...ignoreFiles, ...named.flatMap(folder => folder.ignoreFiles)],
    written: [...outputs, ...results, ...alsoWritten, options.store].map(path => realPlace(resolve(cwd, path))),
  };
}

/** Where a file will really be that may not be there yet. */
function realPlace(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const folder = dirname(path);
  return folder === path ? path : join(realPlace(folder), basename(path));
}

function folderAt(cwd: string, reference: string): string | undefined {
  const dir = resolve(cwd, reference);
  return statSync(dir, { throwIfNoEntry: false })?.isDirectory() ? realpathSync(dir) : undefined;
}

/** Whether changes of a path are of no interest; `isFile` where it is known to be no folder. */
export type IgnoresPath = (path: string, isFile: boolean) => boolean;

/** What of the watched folders is to be passed by: what their ignore files say now, and what the build writes. */
export function ignoredPaths({ folders, files, written }: WatchedPaths): IgnoresPath {
  const always = new Set(files);
  const matchers = folders.map(({ dir, ignoreFiles }) => ({ dir, matcher: readIgnore(ignoreFiles) }));
  return (path, isFile) => {
    if (always.has(path)) return false;
    if (written.some(own => isOrBelow(own, path) || isUnfinished(own, path))) return true;
    // A path may lie in several contexts: it is passed by where all of them do.
    const within = matchers.filter(({ dir }) => isOrBelow(dir, path));
    return (
      within.length > 0 &&
      within.every(({ dir, matcher }) => matcher && leavesOut(matcher, relative(dir, path), isFile))
    );
  };
}

function readIgnore(files: readonly string[]): IgnoreMatcher | undefined {
  const file = files.find(candidate => existsSync(candidate));
  try {
    return file === undefined ? undefined : compileIgnore(readFileSync(file, 'utf8'), { file });
  } catch {
    // The build says what is wrong with it.
    return undefined;
  }
}

function leavesOut(matcher: IgnoreMatcher, path: string, isFile: boolean): boolean {
  if (path === '') return false;
  const inside = path.split(sep).join('/');
  return matcher.matches(inside) && (isFile || !matcher.mayContainUnignored(inside));
}

function isOrBelow(dir: string, path: string): boolean {
  return path === dir || path.startsWith(dir.endsWith(sep) ? dir : dir + sep);
}

/** Files appear whole: while they are written they have a hidden name beside their own. */
function isUnfinished(own: string, path: string): boolean {
  return dirname(path) === dirname(own) && basename(path).startsWith(`.${basename(own).slice(0, 20)}.`);
}
