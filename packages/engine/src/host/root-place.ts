import { VarveError } from '../model/error.js';
import { idMaps } from '../sys/id-map.js';
import { canMount } from '../sys/own-privileges.js';
import type { HostPlace } from './client.js';

/** A place where a root can be: with namespaces of its own. */
export type RootPlace = Exclude<HostPlace, { kind: 'thread' }>;

/**
 * Where a root host is started here: as root by itself, and below a user namespace where this process may not mount. Whether that can be
 * made shows when it is started. Errors: `E_NO_PROVIDER` where there are no ids for one.
 */
export function rootPlace(env: Readonly<Record<string, string | undefined>>): RootPlace {
  if (canMount()) return { kind: 'namespaces' };
  const maps = idMaps(env);
  if ('reason' in maps)
    throw new VarveError('E_NO_PROVIDER', `nothing can run steps here: ${maps.reason}`, { hint: maps.hint });
  return { kind: 'user-namespace', maps };
}
