import { mkdir, realpath, stat, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ContextRequest, OpenedContext } from '../../plugin/context.js';
import { invalidContext, notFound } from '../invalid.js';
import { serveAskpass } from './askpass-server.js';
import { checkOut } from './checkout.js';
import { gitCredentials } from './credentials.js';
import { describeGit, parseGitReference } from './reference.js';
import { gitIn } from './run-git.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Checks a repository out. Errors: those of contexts. */
export async function openRepository(
  { reference, scratchDir, secret, sshAgent }: ContextRequest,
  env: Env,
  signal: AbortSignal,
): Promise<OpenedContext> {
  const parsed = parseGitReference(reference);
  const dir = join(scratchDir, 'repository');
  await mkdir(dir);
  const credentials = await gitCredentials(parsed, env, secret);
  await using askpass = credentials && (await serveAskpass(scratchDir, credentials));
  const trusted = await authorities(parsed.remote, env, scratchDir);
  const agent = sshAgent === undefined ? {} : { SSH_AUTH_SOCK: sshAgent };
  const own = { ...env, GIT_ASKPASS: undefined, ...trusted, ...agent, ...askpass?.env };
  await checkOut(gitIn(dir, { env: own, credentialsFor: credentials?.host }, signal), dir, parsed);
  return {
    dir: parsed.subdir === undefined ? dir : await folderInside(dir, parsed.subdir),
    description: describeGit(parsed),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** What makes git trust the authorities that downloads and registries are trusted by; git itself knows of neither variable. */
async function authorities(remote: string, env: Env, scratchDir: string): Promise<Env> {
  const named = env.SSL_CERT_FILE || env.SSL_CERT_DIR || env.NODE_EXTRA_CA_CERTS;
  if (!named || env.GIT_SSL_CAINFO || !remote.startsWith('https:')) return {};
  const { trustedAuthorities } = await import('@varve/oci');
  const file = join(scratchDir, 'authorities.pem');
  await writeFile(file, (await trustedAuthorities(env)).join('\n'));
  return { GIT_SSL_CAINFO: file };
}

/** A folder of the repository by its real path: a link in it may not lead out. */
async function folderInside(dir: string, subdir: string): Promise<string> {
  const root = await realpath(dir);
  const real = await realpath(join(root, subdir)).catch(() => undefined);
  if (real === undefined || !(await stat(real)).isDirectory()) throw notFound(`the repository has no folder ${subdir}`);
  if (real === root || real.startsWith(`${root}${sep}`)) return real;
  throw invalidContext(`the folder ${subdir} leads out of the repository`);
}
