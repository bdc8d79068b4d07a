import type { GitReference } from './reference.js';

type Env = Readonly<Record<string, string | undefined>>;

/** What git is told when the repository's own server asks. */
export interface GitCredentials {
  /** Host and port of the repository. Nobody else is answered, submodules and redirects elsewhere among them. */
  readonly host: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Credentials for a repository over http: those in its URL; else GIT_AUTH_TOKEN.HOST or GIT_AUTH_TOKEN, as BuildKit; else GIT_USERNAME and
 * GIT_PASSWORD, or GIT_TOKEN, as kaniko. Undefined where there are none, and for other protocols.
 */
export function gitCredentials({ remote, user, password }: GitReference, env: Env): GitCredentials | undefined {
  if (!/^https?:/.test(remote)) return undefined;
  const { host } = new URL(remote);
  if (password !== undefined) return { host, user: user ?? '', password };
  const token = env[`GIT_AUTH_TOKEN.${host}`] ?? env.GIT_AUTH_TOKEN ?? env.GIT_TOKEN;
  const secret = token ?? env.GIT_PASSWORD;
  if (secret !== undefined && secret !== '')
    return { host, user: user ?? env.GIT_USERNAME ?? 'x-access-token', password: secret };
  // A lone user in a URL is a token to most servers.
  return user === undefined ? undefined : { host, user, password: '' };
}

/** The answer to a question of git's (`Password for 'https://user@host': `); undefined where it is not ours to answer. */
export function answerGit(question: string, { host, user, password }: GitCredentials): string | undefined {
  const match = /^(Username|Password) for '(https?:\/\/[^']*)'/.exec(question);
  if (!match?.[2] || !URL.canParse(match[2]) || new URL(match[2]).host !== host) return undefined;
  return match[1] === 'Username' ? user : password;
}
