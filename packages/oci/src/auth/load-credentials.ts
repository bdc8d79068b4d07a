import type { Credential, CredentialStore } from './credential.js';
import { type AuthFile, readAuthFiles } from './docker-config.js';
import { gitlabCredential } from './gitlab-variables.js';
import { helperGet } from './helper.js';
import { normalizeKey, serverName } from './registry-key.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The store behind `loadCredentials`. */
export function userCredentials(env: Env): CredentialStore {
  let files: Promise<readonly AuthFile[]> | undefined;
  const asked = new Map<string, Promise<Credential | undefined>>();
  return {
    lookup: async (registry, { signal, anew = false } = {}) => {
      if (anew || files === undefined) files = readAuthFiles(env);
      // One answer for all repositories of a registry: some helpers take a second and more.
      const ask: Ask = (helper, server) => {
        const key = `${helper} ${server}`;
        const answer = (anew ? undefined : asked.get(key)) ?? helperGet({ helper, env, signal }, server);
        asked.set(key, answer);
        answer.catch(() => asked.delete(key));
        return answer;
      };
      for (const file of await files) {
        const found = await lookupIn(file, registry, ask);
        if (found !== undefined) return found;
      }
      return gitlabCredential(registry, env);
    },
  };
}

type Ask = (helper: string, server: string) => Promise<Credential | undefined>;

async function lookupIn(file: AuthFile, registry: string, ask: Ask): Promise<Credential | undefined> {
  const names = prefixes(normalizeKey(registry));
  for (const name of names) {
    const helper = file.credHelpers.get(name);
    const helped = helper === undefined ? undefined : await ask(helper, serverName(name));
    const found = helped ?? file.auths.get(name);
    if (found !== undefined) return found;
  }
  const host = names.at(-1);
  if (file.credsStore === undefined || host === undefined) return undefined;
  return ask(file.credsStore, serverName(host));
}

/** `host/a/b`, `host/a`, `host`. */
function prefixes(name: string): readonly string[] {
  const parts = name.split('/');
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('/'));
}
