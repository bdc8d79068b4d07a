import type { Credential } from './credential.js';
import { normalizeKey } from './registry-key.js';

type Env = Readonly<Record<string, string | undefined>>;

/** What GitLab puts into the environment of a job: its own registry, and the proxy that keeps images of others. */
const prefixes = [
  ['CI_REGISTRY', 'CI_REGISTRY'],
  ['CI_DEPENDENCY_PROXY_SERVER', 'CI_DEPENDENCY_PROXY'],
] as const;

/** The credential that a job of GitLab CI has for a registry; undefined for any other registry, and outside of a job. */
export function gitlabCredential(registry: string, env: Env): Credential | undefined {
  const [host] = normalizeKey(registry).split('/');
  for (const [server, prefix] of prefixes) {
    const [name, username, password] = [env[server], env[`${prefix}_USER`], env[`${prefix}_PASSWORD`]];
    if (!name || !username || !password || withoutPort(normalizeKey(name)) !== withoutPort(host ?? '')) continue;
    return { username, password };
  }
  return undefined;
}

/** The proxy is named with the port that it has anyway. */
function withoutPort(host: string): string {
  return host.replace(/:443$/, '');
}
