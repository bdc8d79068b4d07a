import { canonicalRegistry } from '../reference.js';

/** A key of `auths` as this package writes registries: no scheme, no `/v1/`, Docker Hub by its name. */
export function normalizeKey(key: string): string {
  const bare = key
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/\/+$/, '')
    .replace(/\/v[12]$/, '');
  const slash = bare.indexOf('/');
  const host = canonicalRegistry(slash < 0 ? bare : bare.slice(0, slash));
  return slash < 0 ? host : `${host}${bare.slice(slash)}`;
}

/** The name under which Docker's files and helpers keep a registry. */
export function serverName(registry: string): string {
  return canonicalRegistry(registry) === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
}
