import type { Credential, CredentialStore } from './credential.js';
import { normalizeKey } from './registry-key.js';

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
