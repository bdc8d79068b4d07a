import { realpath, stat } from 'node:fs/promises';
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
  const found = request.file === undefined ? await userConfig(request) : resolve(request.cwd, request.file);
  if (found === undefined) return {};
  const content = await read(found);
  return withAbsolutePaths(checkConfig(content, found), dirname(found));
}

async function userConfig({ env, cwd, context }: ConfigRequest): Promise<string | undefined> {
  const home = env.XDG_CONFIG_HOME ?? '';
  const folder = isAbsolute(home)
    ? home
    : env.HOME !== undefined && isAbsolute(env.HOME)
      ? join(env.HOME, '.config')
      : undefined;
  if (folder === undefined) return undefined;
  const dir = join(folder, 'varve');
  if (context !== undefined && isInside(await real(dir), await real(resolve(cwd, context)))) return undefined;
  for (const name of names) {
    const path = join(dir, name);
    if (await isFile(path)) return path;
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    stats => stats.isFile(),
    () => false,
  );
}

/** A path with its links resolved, or as it is where nothing is there. */
async function real(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
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
