import { canonicalRegistry } from '../reference.js';

/**
 * Does an entry of a list of hosts mean this host? `host:port` means just that, `host` any port of it; a scheme before and a path behind are
 * passed over, and any name of Docker Hub means the host that it answers on. `*` means every host.
 * @param host as in a URL: in lower case, with the port unless it is the scheme's own.
 */
export function namesHost(entry: string, host: string): boolean {
  if (entry === '*') return true;
  const bare = entry
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/\/.*$/, '')
    .toLowerCase();
  const meant = canonicalRegistry(bare) === 'docker.io' ? 'registry-1.docker.io' : bare;
  const { hostname, port } = new URL(`https://${host}`);
  return meant === host || meant === hostname || (port === '' && meant === `${hostname}:443`);
}
