import type { Credential, CredentialStore } from './credential.js';
import { type AuthFile, normalizeKey, readAuthFiles, serverName } from './docker-config.js';
import { helperGet } from './helper.js';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The credentials of this user, as Docker and podman keep them: DOCKER_AUTH_CONFIG, REGISTRY_AUTH_FILE, `config.json` in
 * DOCKER_CONFIG or `~/.docker`, podman's `auth.json`; in each of them helpers, then entries, then the store, the longest path
 * first. Files are read at the first look-up, helpers run when asked. Look-ups throw E_CREDENTIALS.
 */
export function loadCredentials(env: Env = process.env): CredentialStore {
  let files: Promise<readonly AuthFile[]> | undefined;
  return {
    lookup: async (registry, { signal } = {}) => {
      files ??= readAuthFiles(env);
      for (const file of await files) {
        const found = await lookupIn(file, registry, env, signal);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** A store with one credential for one registry (and all below it). */
export function singleCredential(registry: string, credential: Credential): CredentialStore {
  const own = normalizeKey(registry);
  return {
    lookup: asked => {
      const name = normalizeKey(asked);
      return Promise.resolve(name === own || name.startsWith(`${own}/`) ? credential : undefined);
    },
  };
}

async function lookupIn(
  file: AuthFile,
  registry: string,
  env: Env,
  signal: AbortSignal | undefined,
): Promise<Credential | undefined> {
  const names = prefixes(normalizeKey(registry));
  for (const name of names) {
    const helper = file.credHelpers.get(name);
    const helped = helper === undefined ? undefined : await helperGet({ helper, env, signal }, serverName(name));
    const found = helped ?? file.auths.get(name);
    if (found !== undefined) return found;
  }
  const host = names.at(-1);
  if (file.credsStore === undefined || host === undefined) return undefined;
  return helperGet({ helper: file.credsStore, env, signal }, serverName(host));
}

/** `host/a/b`, `host/a`, `host`. */
function prefixes(name: string): readonly string[] {
  const parts = name.split('/');
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('/'));
}
