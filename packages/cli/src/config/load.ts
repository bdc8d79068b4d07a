import { realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import type { FlagValues } from '../flags/flag-spec.js';
import { checkConfig } from './check.js';

export interface ConfigRequest {
  /** What `--config` says. */
  readonly file: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The context of the build, where there is one. */
  readonly context: string | undefined;
}

/** Names in the user's configuration folder, the first that exists counts. */
const names = ['config.json', 'config.js', 'config.mjs'];

/**
 * Defaults for flags, from the file that `--config` names or else from `varve/config.json` (`.js`, `.mjs`) in the configuration folder
 * of the user (XDG_CONFIG_HOME, HOME/.config). The working directory and the context are never searched, nor is a
 * configuration folder that is part of the context: a build of a stranger's files must not run their code. Errors: `E_CONFIG_FILE`.
 */
export async function loadConfig(request: ConfigRequest): Promise<FlagValues> {
  const found = request.file === undefined ? userConfig(request) : resolve(request.cwd, request.file);
  if (found === undefined) return {};
  const content = await read(found);
  return withAbsolutePaths(checkConfig(content, found), dirname(found));
}

function userConfig({ env, cwd, context }: ConfigRequest): string | undefined {
  const home = env.XDG_CONFIG_HOME ?? '';
  const folder = isAbsolute(home)
    ? home
    : env.HOME !== undefined && isAbsolute(env.HOME)
      ? join(env.HOME, '.config')
      : undefined;
  if (folder === undefined) return undefined;
  const dir = join(folder, 'varve');
  if (context !== undefined && isInside(real(dir), real(resolve(cwd, context)))) return undefined;
  return names.map(name => join(dir, name)).find(isFile);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A path with its links resolved, or as it is where nothing is there. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

async function read(path: string): Promise<unknown> {
  const { lilconfig } = await import('lilconfig');
  try {
    const loaded = await lilconfig('varve', { cache: false }).load(path);
    return loaded?.isEmpty === true ? {} : loaded?.config;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('E_CONFIG_FILE', `the configuration file ${path} cannot be read: ${message}`, { cause });
  }
}

/** Files that a configuration file names are found from its folder: plugins, certificates and keys. */
function withAbsolutePaths(values: FlagValues, folder: string): FlagValues {
  const absolute = (path: string): string => resolve(folder, path);
  const files = (list: string): string => list.split(',').map(absolute).join(',');
  const ofHost = (change: (value: string) => string) => (spec: string) => spec.replace(/(?<=^[^=]*=).+$/s, change);
  return {
    ...values,
    ...changed(values, 'plugin', spec => spec.replace(/^\.\.?\/[^,]*/, absolute)),
    ...changed(values, 'registry-certificate', ofHost(absolute)),
    ...changed(values, 'registry-client-cert', ofHost(files)),
  };
}

function changed(values: FlagValues, name: string, change: (spec: string) => string): FlagValues {
  const list = values[name];
  return Array.isArray(list) ? { [name]: list.map(change) } : {};
}
