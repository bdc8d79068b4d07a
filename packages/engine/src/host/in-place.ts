import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmdirSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reachable } from '../inplace/provider.js';
import type { Verdict } from '../model/doctor.js';
import { codeOf, VarveError } from '../model/error.js';
import { canMount, type OwnPrivileges, ownPrivileges } from '../sys/own-privileges.js';
import { setTimes } from '../sys/times.js';
import { executorFolder, isExecutorImage } from './executor-image.js';

/** Where the root is swapped in other containers. */
const elsewhere = '/.varve-in-place';

/** The folder for what steps in place need: on the file system of the root. */
export function inPlaceHome(): string {
  return isExecutorImage() ? join(executorFolder, 'in-place') : elsewhere;
}

/** What of the builder's own programs stays in its place. */
export function ownFolders(): readonly string[] {
  const image = isExecutorImage() ? [executorFolder, '/busybox'] : [];
  return [...image, programFolder(fileURLToPath(import.meta.url))].filter(existsSync).map(path => realpathSync(path));
}

/** The folder that holds a module and all that it may import. */
export function programFolder(module: string): string {
  const parts = dirname(module).split(sep);
  const within = parts.indexOf('node_modules');
  if (within > 0) return parts.slice(0, within + 1).join(sep);
  const above = parts.map((_, index) => parts.slice(0, index + 1).join(sep) || sep);
  return above.find(dir => dir !== sep && existsSync(join(dir, 'node_modules'))) ?? dirname(module);
}

/** Whether the root can be swapped here: renames a folder into it and back. Leaves nothing. */
export function canSwapRoot(own: OwnPrivileges = ownPrivileges()): Verdict {
  if (!own.isRoot)
    return { usable: false, reason: 'this process is not root', hint: 'in a pod: securityContext.runAsUser: 0' };
  if (canMount(own))
    return {
      usable: false,
      reason: 'this process may mount, and keeps steps apart without emptying /',
      hint: 'leave out --executor inplace',
    };
  try {
    tryRename(inPlaceHome());
    return { usable: true, notes: [reachable] };
  } catch (error) {
    return {
      usable: false,
      reason: `nothing can be moved into / (${codeOf(error)})`,
      hint: 'in a pod: securityContext.readOnlyRootFilesystem: false, and the capabilities of a default container',
    };
  }
}

function tryRename(home: string): void {
  mkdirSync(home, { recursive: true, mode: 0o711 });
  const folder = mkdtempSync(join(home, 'try-'));
  const inRoot = join('/', `.varve-${basename(folder)}`);
  const { mtimeNs } = lstatSync('/', { bigint: true });
  try {
    renameSync(folder, inRoot);
    renameSync(inRoot, folder);
  } finally {
    setTimes('/', mtimeNs);
    for (const path of [folder, inRoot]) if (existsSync(path)) rmdirSync(path);
  }
}

/** The verdict on rung 4. `asked`: it was named, and allowed. */
export function inPlaceVerdict(asked: boolean): Verdict {
  const verdict = canSwapRoot();
  if (!verdict.usable || asked || isExecutorImage()) return verdict;
  return {
    usable: false,
    reason: 'it empties / while a step runs, so it is used by itself in the executor image alone',
    hint: 'in a container that is there for the build: --executor inplace --allow inplace',
  };
}

/** Errors: `E_NOT_ALLOWED`, `E_PROVIDER_UNUSABLE`. */
export function requireInPlace(allowed: boolean): void {
  if (!allowed && !isExecutorImage())
    throw new VarveError('E_NOT_ALLOWED', 'the executor inplace empties / while a step runs', {
      hint: 'where nothing but the build needs what is in /, build with --allow inplace',
    });
  const verdict = canSwapRoot();
  if (verdict.usable) return;
  throw new VarveError('E_PROVIDER_UNUSABLE', `executor inplace cannot be used here: ${verdict.reason}`, {
    ...(verdict.hint === undefined ? {} : { hint: verdict.hint }),
  });
}

let namespaces: boolean | undefined;

/** Whether a user namespace can be made here, with mounts in it: tried once. */
export function hasUserNamespaces(): boolean {
  const words = ['--user', '--map-root-user', '--mount', '--propagation', 'private', '--', 'unshare', '--version'];
  namespaces ??= spawnSync('unshare', words, { stdio: 'ignore', timeout: 10_000 }).status === 0;
  return namespaces;
}
