import type { ContextRequest } from '../../plugin/context.js';
import type { GitReference } from './reference.js';

type Env = Readonly<Record<string, string | undefined>>;

/** What git is told when the repository's own server asks. */
export interface GitCredentials {
  /** Host and port of the repository. Nobody else is answered, submodules and redirects elsewhere among them. */
  readonly host: string;
  /** `https:`, or `http:` where the repository is named so: what is reached by TLS is not told without. */
  readonly protocol: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Credentials for a repository over http: those in its URL; else the secret or the variable GIT_AUTH_TOKEN.HOST or GIT_AUTH_TOKEN, as BuildKit;
 * else GIT_USERNAME and GIT_PASSWORD, or GIT_TOKEN, as kaniko. Undefined where there are none, and for other protocols. Errors: those of
 * secrets.
 */
export async function gitCredentials(
  { remote, user, password }: GitReference,
  env: Env,
  secret: ContextRequest['secret'],
): Promise<GitCredentials | undefined> {
  if (!/^https?:/.test(remote)) return undefined;
  const { host, protocol } = new URL(remote);
  if (password !== undefined) return { host, protocol, user: user ?? '', password };
  const token =
    (await secretToken(host, secret)) ?? env[`GIT_AUTH_TOKEN.${host}`] ?? env.GIT_AUTH_TOKEN ?? env.GIT_TOKEN;
  const found = token ?? env.GIT_PASSWORD;
  if (found !== undefined && found !== '')
    return { host, protocol, user: user ?? env.GIT_USERNAME ?? 'x-access-token', password: found };
  // A lone user in a URL is a token to most servers.
  return user === undefined ? undefined : { host, protocol, user, password: '' };
}

async function secretToken(host: string, secret: ContextRequest['secret']): Promise<string | undefined> {
  const bytes = (await secret?.(`GIT_AUTH_TOKEN.${host}`)) ?? (await secret?.('GIT_AUTH_TOKEN'));
  return bytes === undefined ? undefined : Buffer.from(bytes).toString().trim();
}

/** The answer to a question of git's (`Password for 'https://user@host': `); undefined where it is not ours to answer. */
export function answerGit(question: string, { host, protocol, user, password }: GitCredentials): string | undefined {
  const match = /^(Username|Password) for '(https?:\/\/[^']*)'/.exec(question);
  if (!match?.[2] || !URL.canParse(match[2])) return undefined;
  const asking = new URL(match[2]);
  if (asking.host !== host || (asking.protocol !== 'https:' && asking.protocol !== protocol)) return undefined;
  return match[1] === 'Username' ? user : password;
}
