import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { authFilePaths } from '@varve/oci';
import { inPlaceHome, ownFolders, programFolder } from '../host/in-place.js';
import type { InPlaceSetup } from '../inplace/places.js';
import { VarveError } from '../model/error.js';
import type { BuildOptions } from '../model/options.js';
import { mountPointOf } from '../sys/mount-points.js';

/** What steps in the container's own root have to know of a build. */
export function inPlaceSetup(options: BuildOptions): InPlaceSetup {
  const { hidden } = credentials(options);
  return { home: inPlaceHome(), kept: keptPaths(options), hidden };
}

/** What the builder reads while steps run: it stays where it is. */
function keptPaths({
  cwd,
  env,
  store,
  context,
  buildContexts = {},
  ssh = [],
  ...more
}: BuildOptions): readonly string[] {
  const contexts = [context, ...Object.values(buildContexts)].map(path =>
    resolve(cwd, path.replace(/^dir:(\/\/)?/, '')),
  );
  const agents = ssh.flatMap(({ sock }) => sock ?? env.SSH_AUTH_SOCK ?? []).map(path => resolve(cwd, path));
  const plugins = (more.plugins ?? []).map(({ module }) => programFolder(resolve(cwd, module)));
  const paths = [...contexts, ...agents, ...plugins, ...(more.layerLayouts ?? []), store, inPlaceHome()];
  const real = paths.filter(path => existsSync(path)).map(path => realpathSync(path));
  return [...new Set([...ownFolders(), ...real])].filter(path => path !== '/');
}

interface Credentials {
  /** Plain files, which can be taken out of the file tree. */
  readonly hidden: readonly string[];
  /** Mounted files, which cannot. */
  readonly reachable: readonly string[];
}

/** Files with credentials that are there. */
function credentials(options: BuildOptions): Credentials {
  const paths = credentialFiles(options).filter(path => existsSync(path) && statSync(path).isFile());
  const files = [...new Set(paths.map(path => realpathSync(path)))].filter(holdsCredential);
  const isPlain = (path: string): boolean => mountPointOf(path) === '/';
  return { hidden: files.filter(isPlain), reachable: files.filter(path => !isPlain(path)) };
}

function credentialFiles({ env, cwd, secrets = [], registries = {} }: BuildOptions): readonly string[] {
  const home = env.HOME || '/root';
  const given = secrets.flatMap(({ from }) => (from.kind === 'file' ? [from.path] : []));
  const keys = Object.values(registries.certFiles ?? {}).flatMap(({ key }) => key ?? []);
  const named = [env.GOOGLE_APPLICATION_CREDENTIALS, env.AWS_WEB_IDENTITY_TOKEN_FILE, env.AZURE_FEDERATED_TOKEN_FILE];
  return [
    ...authFilePaths(env),
    ...[...given, ...keys, ...named.filter(path => path !== undefined)].map(path => resolve(cwd, path)),
    env.AWS_SHARED_CREDENTIALS_FILE || join(home, '.aws/credentials'),
    ...['.netrc', '.git-credentials'].map(name => join(home, name)),
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
  ];
}

/** A file of Docker's that names helpers alone is none. */
function holdsCredential(path: string): boolean {
  if (!path.endsWith('.json')) return true;
  try {
    const { auths } = JSON.parse(readFileSync(path, 'utf8')) as { readonly auths?: Record<string, object> };
    return auths === undefined ? !/"cred(sStore|Helpers)"/.test(readFileSync(path, 'utf8')) : hasSecret(auths);
  } catch {
    return true;
  }
}

function hasSecret(auths: Record<string, object>): boolean {
  return Object.values(auths).some(entry => Object.keys(entry).length > 0);
}

/**
 * What is wrong with the credentials of a build whose steps share its root: those that are mounted cannot be taken out of their way. An error to
 * be thrown, or, where that was allowed, told.
 */
export function reachableCredentials(options: BuildOptions): VarveError | undefined {
  const { reachable } = credentials(options);
  if (reachable.length === 0) return undefined;
  const isAllowed = options.allow?.includes('inplace-secrets') === true;
  const hint = reachable.some(path => path.includes('/serviceaccount/'))
    ? 'in the pod: automountServiceAccountToken: false; registry credentials in the variable DOCKER_AUTH_CONFIG are out of reach'
    : 'give registry credentials in the variable DOCKER_AUTH_CONFIG, and secrets with --secret id=…,env=NAME: those are out of reach';
  return new VarveError(
    isAllowed ? 'W_SECRET_REACHABLE' : 'E_SECRET_REACHABLE',
    `RUN steps share / with what is mounted there, and can read ${reachable.join(', ')}`,
    { hint: isAllowed ? hint : `${hint}; or build with --allow inplace-secrets`, data: { files: reachable } },
  );
}
