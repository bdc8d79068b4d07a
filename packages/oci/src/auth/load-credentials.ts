import type { Credential, CredentialStore } from './credential.js';
import { type AuthFile, readAuthFiles } from './docker-config.js';
import { gitlabCredential } from './gitlab-variables.js';
import { helperGet } from './helper.js';
import { normalizeKey, serverName } from './registry-key.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The store behind `loadCredentials`. */
export function userCredentials(env: Env): CredentialStore {
  let files: Promise<readonly AuthFile[]> | undefined;
  return {
    lookup: async (registry, { signal, anew = false } = {}) => {
      if (anew || files === undefined) files = readAuthFiles(env);
      for (const file of await files) {
        const found = await lookupIn(file, registry, env, signal);
        if (found !== undefined) return found;
      }
      return gitlabCredential(registry, env);
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
